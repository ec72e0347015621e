// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, cleanup, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { local } from "@/api/client";
import { applyEvents } from "@/live/patches";
import { RunList } from "@/runs/RunList";
import { RUN_COLUMNS } from "@/runs/runColumns";
import { mainPane } from "@/ui/mainPane";
import { aRun } from "./live/fakes";

vi.mock("@/api/client", () => ({
  local: { GET: vi.fn() },
  platform: { GET: vi.fn(async () => ({ items: [], total: 0 })) },
  body: (request: unknown) => request,
  dataOf: (request: unknown) => request,
}));
const drawn = vi.hoisted(() => ({ rows: 0 }));
vi.mock("@/ui/MemoryBar", () => ({ MemoryBar: () => void drawn.rows++ }));
const TIMEOUT_MILLIS = 120_000;
const COLUMNS = RUN_COLUMNS.filter(({ id }) => ["status", "memMaxBytes"].includes(id));
const PANE_HEIGHT = 720;
const ROW_HEIGHT = 36;
const RUNS = Array.from({ length: 10_000 }, (_, index) => aRun({ id: `run${index}`, status: "SUCCEEDED" }));
let queries: QueryClient;

beforeEach(async () => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  window.matchMedia = () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }) as never;
  vi.mocked(local.GET).mockResolvedValue({ items: RUNS, total: RUNS.length, nextCursor: null, counts: {} } as never);
  const pane = document.createElement("div");
  Object.defineProperties(pane, { clientHeight: { value: PANE_HEIGHT }, clientWidth: { value: 1200 } });
  document.body.append(pane);
  mainPane.current = pane;
  window.scrollTo = vi.fn();
  queries = new QueryClient();
  const list = () => <RunList columns={COLUMNS} />;
  const router = createRouter({ routeTree: createRootRoute({ component: list }), history: createMemoryHistory() });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
    { container: pane },
  );
  await vi.waitFor(() => expect(rows()).toBeGreaterThan(0), TIMEOUT_MILLIS);
  await drawnBy(() => {});
}, TIMEOUT_MILLIS);
afterEach(() => {
  cleanup();
  document.body.replaceChildren();
});

const rows = () => document.querySelectorAll("tr[data-row]").length;

/** How many rows are drawn because of a change. */
async function drawnBy(change: () => void | Promise<void>): Promise<number> {
  drawn.rows = 0;
  await act(async () => {
    await change();
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  return drawn.rows;
}

it("draws few of 10,000 rows again when a run changes, and while it is scrolled", {
  timeout: TIMEOUT_MILLIS,
}, async () => {
  expect(rows()).toBeLessThan(60);
  const at = { items: 5, modifiedAt: "2026-11-25T12:00:09Z" };
  const changes = (id: string) => () => applyEvents(queries, [{ name: "run", data: aRun({ id, ...at }) }], () => {});
  expect(await drawnBy(changes("run3"))).toBe(1);
  expect(await drawnBy(changes("run9000"))).toBe(0);
  const scroll = (top: number) => () => {
    const pane = mainPane.current as HTMLElement;
    pane.scrollTop = top;
    pane.dispatchEvent(new Event("scroll"));
  };
  expect(await drawnBy(scroll(3 * ROW_HEIGHT))).toBeLessThanOrEqual(3);
  expect(await drawnBy(scroll(5_000 * ROW_HEIGHT))).toBeLessThan(60);
});
