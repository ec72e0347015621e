// @vitest-environment node
import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, it, vi } from "vitest";
import { actorQuery } from "@/api/actors";
import { runQuery } from "@/api/run";
import { taskQuery } from "@/api/tasks";
import { runInputQuery } from "@/start/runInput";

const RUN = { id: "run1", defaultKeyValueStoreId: "store1", startedAt: "2026-11-25T12:00:00Z", options: { build: "" } };
const requests = vi.hoisted(() => [] as string[]);

vi.mock("@/api/client", () => ({
  platform: {
    GET: async (path: string) => {
      requests.push(path);
      return path.includes("actor-runs") ? RUN : { id: "actor1", name: "crawler" };
    },
  },
  dataOf: (response: unknown) => response,
  readBoth: async (path: string) => {
    requests.push(path);
    return { plain: { id: "task1", name: "greet" }, exact: { input: { count: 1 } } };
  },
  request: async (path: string) => {
    requests.push(path);
    return Response.json({ name: "Ada" });
  },
}));
let queries: QueryClient;

beforeEach(() => {
  requests.length = 0;
  queries = new QueryClient({ defaultOptions: { queries: { staleTime: 10_000, retry: false } } });
});

it("a task or an Actor that was fetched by its name is not fetched again by its ID", async () => {
  const task = await queries.fetchQuery(taskQuery("ada~greet"));
  expect(await queries.fetchQuery(taskQuery("task1"))).toBe(task);
  const actor = await queries.fetchQuery(actorQuery("ada~crawler"));
  expect(await queries.fetchQuery(actorQuery("actor1"))).toBe(actor);
  expect(requests).toEqual(["/v2/actor-tasks/ada~greet", "/v2/actors/{actorId}"]);
});

it("the input of a run is read once, and its record not again", async () => {
  await queries.fetchQuery(runQuery("run1"));
  const first = await queries.fetchQuery(runInputQuery("run1"));
  expect(first).toMatchObject({ input: { name: "Ada" }, options: { build: undefined } });
  expect(await queries.fetchQuery(runInputQuery("run1"))).toBe(first);
  expect(requests).toEqual(["/v2/actor-runs/{runId}", "/v2/key-value-stores/store1/records/INPUT"]);
});
