// @vitest-environment node
import { QueryClient, type QueryKey } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { applyEvents } from "@/live/patches";
import { type LiveEvent, type Topic, topicsOfKey } from "@/live/topics";

const ID = "abc123";
const RECORDS: Topic[] = ["records"];
const OF_RUN: Topic[] = ["runs", `run:${ID}`];
const OF_BUILD: Topic[] = ["builds", `build:${ID}`];
const OF_USER: Topic[] = ["records", "runs", "builds"];
const NONE: Topic[] = [];

/** All queries of the console: the arguments that make one, and the topics whose gaps make it outdated. */
const QUERIES: Record<string, [args: unknown[], topics: Topic[]]> = {
  actorsQuery: [[], RECORDS],
  actorQuery: [[ID], RECORDS],
  versionQuery: [[ID, "0.0"], RECORDS],
  actorWebhooksQuery: [[ID], RECORDS],
  buildsQuery: [["actor"], ["builds"]],
  buildQuery: [[ID], OF_BUILD],
  buildExplanationQuery: [[ID], OF_BUILD],
  tasksQuery: [[], RECORDS],
  taskQuery: [[ID], RECORDS],
  schedulesQuery: [[], RECORDS],
  scheduleQuery: [[ID], RECORDS],
  scheduleLogQuery: [[ID], RECORDS],
  scheduleTimesQuery: [["@daily", "UTC"], RECORDS],
  webhooksQuery: [[], RECORDS],
  webhookQuery: [[ID], RECORDS],
  dispatchesQuery: [[ID], RECORDS],
  webhookRequestQuery: [[ID], RECORDS],
  storageQuery: [["request-queue", ID], RECORDS],
  storageListQuery: [["request-queue", false], RECORDS],
  storageChoicesQuery: [["dataset"], RECORDS],
  itemsQuery: [[ID, { view: null, offset: 0, limit: 50 }], RECORDS],
  keysQuery: [[ID, ""], RECORDS],
  recordInfoQuery: [[ID, "INPUT"], RECORDS],
  recordTextQuery: [[ID, "INPUT"], RECORDS],
  queueRequestsQuery: [[ID, null], RECORDS],
  queueCountsQuery: [[ID], RECORDS],
  queueRequestQuery: [[ID, "request"], RECORDS],
  fitsQuery: [["actor"], RECORDS],
  fitQuery: [[ID], [`fit:${ID}`]],
  runsQuery: [[{}], ["runs"]],
  runCountsQuery: [[{}], ["runs"]],
  lastRunsQuery: [[ID, 5], ["runs"]],
  foundRunsQuery: [[""], ["runs"]],
  actorJobsQuery: [[], ["runs"]],
  taskRunsQuery: [[], ["runs"]],
  runQuery: [[ID], OF_RUN],
  reportQuery: [[ID], OF_RUN],
  metricsQuery: [[ID], OF_RUN],
  explanationQuery: [[ID], OF_RUN],
  timelineQuery: [[ID], OF_RUN],
  environmentQuery: [[ID], OF_RUN],
  webServerQuery: [[ID], OF_RUN],
  apiCallsQuery: [[ID, "", 0], OF_RUN],
  runDispatchesQuery: [[ID], RECORDS],
  userQuery: [[], OF_USER],
  limitsQuery: [[], OF_USER],
  usageQuery: [[], OF_USER],
  serverQuery: [[], ["server"]],
  serverInfoQuery: [[], ["server"]],
  dataFolderQuery: [[], ["server"]],
  proxyRequestsQuery: [[], ["proxy"]],
  doctorQuery: [[], ["doctor"]],
  standbyQuery: [[], ["standby"]],
  // No event is about these: they never change, or are fetched again at another length.
  fitInputsQuery: [[ID], NONE],
  fitPreviewQuery: [[ID], NONE],
  matchesQuery: [[ID, "", [], 5], NONE],
  lastLineQuery: [[ID, "", []], NONE],
  documentQuery: [["local"], NONE],
};

const modules = import.meta.glob<Record<string, unknown>>("../../src/{api,log}/*.ts", { eager: true });
const made = Object.values(modules).flatMap((module) =>
  Object.entries(module).filter(([name]) => name.endsWith("Query")),
);

function keyOf(name: string): QueryKey {
  const query = made.find(([each]) => each === name)?.[1];
  const [args = []] = QUERIES[name] ?? [];
  return (typeof query === "function" ? query(...args) : query).queryKey;
}

/** The names of the queries that these events make outdated. */
function outdatedBy(...events: LiveEvent[]): string[] {
  const queries = new QueryClient();
  for (const name of Object.keys(QUERIES)) queries.setQueryData(keyOf(name), { pages: [] });
  applyEvents(queries, events, (queryKey) => void queries.invalidateQueries({ queryKey }));
  return Object.keys(QUERIES).filter((name) => queries.getQueryState(keyOf(name))?.isInvalidated);
}

const change = (kind: string, change = "modified") =>
  ({ name: "changed", data: { kind, id: ID, change } }) as LiveEvent;

describe("the topics of queries", () => {
  it("are known for each query", () => {
    expect(made.map(([name]) => name).sort()).toEqual(Object.keys(QUERIES).sort());
  });

  it("have keys of their own, so that the same data is stored once", () => {
    const keys = Object.keys(QUERIES).map((name) => JSON.stringify(keyOf(name)));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it.each([
    "runs",
    "builds",
    "records",
    "server",
    "proxy",
    "doctor",
    "standby",
    `run:${ID}`,
    `build:${ID}`,
    `fit:${ID}`,
  ] as Topic[])("%s: a gap reaches all of its queries, and no others", (topic) => {
    const expected = Object.keys(QUERIES).filter((name) => QUERIES[name]?.[1].includes(topic));
    expect(outdatedBy({ name: "reset", data: { topics: [topic] } })).toEqual(expected);
  });

  it("are followed while a query is mounted, but not the samples and the log of a run", () => {
    for (const [name, [, topics]] of Object.entries(QUERIES)) {
      const followed = topics.filter((topic) => !/^(run|build):/.test(topic));
      expect([name, topicsOfKey(keyOf(name))]).toEqual([name, followed]);
    }
  });

  it("bring changes of storages to the choices of the palette, and new fits to their list", () => {
    for (const kind of ["dataset", "key-value-store", "request-queue"]) {
      QUERIES.storageChoicesQuery = [[kind], RECORDS];
      expect(outdatedBy(change(kind))).toContain("storageChoicesQuery");
    }
    expect(outdatedBy(change("fit", "created"))).toEqual(["fitsQuery"]);
  });

  it("bring what is counted to the numbers of the user", () => {
    const numbers = ["userQuery", "limitsQuery", "usageQuery"];
    const run = { name: "run", data: { id: ID, status: "SUCCEEDED", modifiedAt: "2026-11-25T12:00:00Z" } } as LiveEvent;
    const build = { name: "build", data: { id: ID } } as LiveEvent;
    for (const event of [run, build, change("actor", "created"), change("task", "deleted")]) {
      expect(outdatedBy(event)).toEqual(expect.arrayContaining(numbers));
    }
    expect(outdatedBy(change("dataset"))).not.toEqual(expect.arrayContaining(numbers));
  });
});
