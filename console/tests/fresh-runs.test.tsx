// @vitest-environment jsdom
import { type InfiniteData, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { local } from "@/api/client";
import { type RunFilter, type RunSummaries, type RunSummary, runsQuery } from "@/api/runs";
import { applyEvents } from "@/live/patches";
import { giveToFollowers, type LiveEvent } from "@/live/topics";
import { canBeIn } from "@/runs/membership";
import { useFreshRuns } from "@/runs/useFreshRuns";
import { aRun } from "./live/fakes";

vi.mock("@/api/client", () => ({ local: { GET: vi.fn() }, body: (request: unknown) => request }));

const list = { current: null };
const runEvent = (changes: Partial<RunSummary>): LiveEvent => ({ name: "run", data: aRun(changes) });
const at = (seconds: number) => new Date(Date.parse("2026-11-25T12:00:00Z") + seconds * 1000).toISOString();

describe("the runs that enter a list", () => {
  let queries: QueryClient;
  let answers: ((page: RunSummaries) => void)[];
  let filters: RunFilter[];

  beforeEach(() => {
    vi.useFakeTimers();
    [queries, answers, filters] = [new QueryClient(), [], []];
    vi.mocked(local.GET).mockImplementation(((_: string, { params }: { params: { query: RunFilter } }) => {
      filters.push(params.query);
      return new Promise((resolve) => answers.push(resolve as never));
    }) as never);
  });
  afterEach(() => {
    cleanup();
    vi.useRealTimers();
  });

  const rowsOf = (filter: RunFilter) =>
    queries
      .getQueryData<InfiniteData<RunSummaries>>(runsQuery(filter).queryKey)
      ?.pages.flatMap(({ items }) => items.map(({ id }) => id));
  const pageOf = (...items: RunSummary[]) => ({ items, total: items.length, nextCursor: null }) as never;
  const render = (filter: RunFilter, runs: RunSummary[], isHeld = false) =>
    renderHook(({ filter }) => useFreshRuns(filter, runs, isHeld, list), {
      initialProps: { filter },
      wrapper: ({ children }: { children: ReactNode }) => (
        <QueryClientProvider client={queries}>{children}</QueryClientProvider>
      ),
    });
  const deliver = async (...events: LiveEvent[]) => {
    await act(async () => {
      applyEvents(queries, events, () => {});
      giveToFollowers(events);
      await vi.advanceTimersByTimeAsync(1_000);
    });
  };
  const answer = (page: RunSummaries) =>
    act(async () => {
      answers.shift()?.(page);
      await vi.advanceTimersByTimeAsync(0);
    });

  it("are never those of a filter that the user has left", async () => {
    const { rerender, result } = render({ status: "LIVE" }, [], true);
    await deliver(runEvent({ id: "live" }));
    rerender({ filter: { status: "FAILED" } });
    await answer(pageOf(aRun({ id: "live" })));
    await act(async () => void (await vi.advanceTimersByTimeAsync(5_000)));
    expect(rowsOf({ status: "FAILED" })).toBeUndefined();
    expect(result.current.count).toBe(0);
  });

  it("wait while rows are selected, and appear as they are then, not as they were fetched", async () => {
    const { result } = render({}, [], true);
    await deliver(runEvent({ id: "waits", modifiedAt: at(1) }));
    await answer(pageOf(aRun({ id: "waits", modifiedAt: at(1) })));
    expect([result.current.count, rowsOf({})]).toEqual([1, undefined]);
    await deliver(runEvent({ id: "waits", status: "SUCCEEDED", modifiedAt: at(2) }));
    await act(async () => result.current.show());
    const data = queries.getQueryData<InfiniteData<RunSummaries>>(runsQuery({}).queryKey);
    expect(data?.pages[0]?.items[0]?.status).toBe("SUCCEEDED");
  });

  it("are fetched when a status enters or leaves the filter, not each second", async () => {
    render({ status: "FAILED" }, []);
    for (let second = 0; second < 5; second++) {
      await deliver(runEvent({ id: "a", items: second, modifiedAt: at(second) }), runEvent({ id: `new${second}` }));
    }
    expect(filters).toEqual([]);
    await deliver(runEvent({ id: "a", status: "FAILED", modifiedAt: at(6) }));
    await answer(pageOf(aRun({ id: "a", status: "FAILED", modifiedAt: at(6) })));
    await deliver(runEvent({ id: "a", status: "FAILED", exitCode: 1, modifiedAt: at(7) }));
    expect(filters).toHaveLength(1);
    expect(rowsOf({ status: "FAILED" })).toEqual(["a"]);
    await deliver(runEvent({ id: "a", status: "RUNNING", modifiedAt: at(8) }));
    expect(filters).toHaveLength(2);
  });

  it("are fetched again with the next event after a failure", async () => {
    vi.mocked(local.GET).mockRejectedValueOnce(new Error("gone"));
    render({}, []);
    await deliver(runEvent({ id: "lost" }));
    expect(filters).toEqual([]);
    await deliver(runEvent({ id: "lost", items: 5 }));
    expect(filters).toHaveLength(1);
  });

  it("are fetched once more if another one starts meanwhile", async () => {
    render({}, []);
    await deliver(runEvent({ id: "first" }));
    await deliver(runEvent({ id: "second" }));
    expect(filters).toHaveLength(1);
    await answer(pageOf(aRun({ id: "first" })));
    await act(async () => void (await vi.advanceTimersByTimeAsync(1_000)));
    expect(filters).toHaveLength(2);
  });
});

describe("whether a run can be in a list", () => {
  const now = Date.parse(at(60));
  const run = aRun({ statusMessage: "Crawled 5 pages", actorTitle: "My crawler" });
  it.each<[RunFilter, boolean]>([
    [{}, true],
    [{ status: "LIVE" }, true],
    [{ status: "FAILED" }, false],
    [{ actor: "actor1" }, true],
    [{ actor: "ada~crawler" }, true],
    [{ actor: "~crawler" }, true],
    [{ actor: "bob~crawler" }, false],
    [{ actor: "actor2" }, false],
    [{ task: "task1" }, false],
    [{ task: "ada~nightly" }, true],
    [{ origin: "API" }, true],
    [{ origin: "CLI" }, false],
    [{ from: "1h" }, true],
    [{ from: at(1) }, false],
    [{ to: at(1) }, true],
    [{ to: "2m" }, false],
    [{ q: "CRAWLED my" }, true],
    [{ q: "ada~craw" }, true],
    [{ q: "run1" }, true],
    [{ q: "un1" }, false],
  ])("%j: %s", (filter, expected) => {
    expect(canBeIn(filter, run, now)).toBe(expected);
  });
});
