// @vitest-environment node
import { type InfiniteData, QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, it } from "vitest";
import { Delivery } from "@/live/delivery";
import { sendOrder, settleOrders } from "@/live/orders";
import { applyEvents, newestRun, type RunPage } from "@/live/patches";
import { Refetching } from "@/live/refetching";
import type { LiveEvent, RunSummary } from "@/live/topics";
import { aRun, FakeClock } from "./fakes";

const runEvent = (changes: Partial<RunSummary>): LiveEvent => ({ name: "run", data: aRun(changes) });
const at = (seconds: number) => new Date(Date.parse("2026-11-25T12:00:00Z") + seconds * 1000).toISOString();

describe("batches", () => {
  let clock: FakeClock;
  let batches: LiveEvent[][];
  let isHidden: boolean;
  let delivery: Delivery;

  beforeEach(() => {
    [clock, batches, isHidden] = [new FakeClock(), [], false];
    delivery = new Delivery(
      (events) => batches.push(events),
      clock,
      () => isHidden,
    );
  });

  it("are at most four a second, and contain the last state of each run", async () => {
    for (let step = 0; step < 100; step++) {
      delivery.add(runEvent({ id: `run${step % 2}`, modifiedAt: at(step) }));
      delivery.add({ name: "sample", data: { id: "run1" } });
      await clock.advance(10);
    }
    await clock.advance(1_000);
    expect(batches.length).toBeLessThanOrEqual(5);
    expect(batches.at(-1)?.filter(({ name }) => name === "run")).toHaveLength(2);
    expect(batches.flat().filter(({ name }) => name === "sample")).toHaveLength(100);
  });

  it("wait while the tab is hidden, and then come as one", async () => {
    isHidden = true;
    delivery.add(runEvent({}));
    delivery.add(runEvent({ id: "run2" }));
    await clock.advance(60_000);
    expect(batches).toEqual([]);
    isHidden = false;
    delivery.catchUp();
    await clock.advance(0);
    expect(batches.map((batch) => batch.length)).toEqual([2]);
  });

  it("become one reset if too much has happened", async () => {
    isHidden = true;
    for (let step = 0; step < 5_000; step++) delivery.add({ name: "sample", data: { id: "run1" } });
    isHidden = false;
    delivery.catchUp();
    await clock.advance(0);
    expect(batches.map((batch) => batch[0])).toEqual([{ name: "reset", data: { topics: ["run:run1"] } }]);
    expect(batches[0]?.length).toBeLessThan(2_000);
  });
});

describe("the cache", () => {
  let queries: QueryClient;
  let fetched: string[];
  const apply = (...events: LiveEvent[]) => applyEvents(queries, events, (key) => fetched.push(key.join(" ")));
  const list = () => queries.getQueryData<InfiniteData<RunPage>>(["run", "list"])?.pages[0]?.items;

  beforeEach(() => {
    [queries, fetched] = [new QueryClient(), []];
  });

  it("shows the status of an event, and never an earlier one", () => {
    const id = "forwards";
    queries.setQueryData(["run", "list"], { pages: [{ items: [aRun({ id })] }], pageParams: [null] });
    apply(runEvent({ id, status: "SUCCEEDED", modifiedAt: at(10) }));
    apply(runEvent({ id, status: "RUNNING", modifiedAt: at(9) }));
    expect(list()?.[0]?.status).toBe("SUCCEEDED");
    // A response that was on its way when the event arrived:
    expect(newestRun(aRun({ id, modifiedAt: at(8) })).status).toBe("SUCCEEDED");
    expect(newestRun(aRun({ id, status: "RUNNING", modifiedAt: at(11) })).status).toBe("RUNNING");
  });

  it("leaves rows alone that did not change", () => {
    const items = [aRun({ id: "changes" }), aRun({ id: "rests" })];
    queries.setQueryData(["run", "list"], { pages: [{ items }], pageParams: [null] });
    apply(runEvent({ id: "changes", items: 5, modifiedAt: at(1) }));
    expect(list()?.[0]?.items).toBe(5);
    expect(list()?.[1]).toBe(items[1]);
  });

  it("fetches counts when a status changes, and a run's page when more than numbers change", () => {
    const id = "counted";
    apply(runEvent({ id, modifiedAt: at(1) }));
    expect(fetched).toEqual(["run counts", "user me", `run ${id}`]);
    apply(runEvent({ id, items: 5, modifiedAt: at(2) }));
    expect(fetched).toHaveLength(3);
    apply(runEvent({ id, status: "FAILED", modifiedAt: at(3) }));
    expect(fetched).toHaveLength(6);
  });

  it("fetches the lists and the page of a changed record again, at most once in two seconds", async () => {
    const clock = new FakeClock();
    let requests = 0;
    const fetches = () => requests++;
    const query = queries.getQueryCache().build(queries, { queryKey: ["dataset", "list"], queryFn: fetches });
    query.setData(0);
    queries.invalidateQueries = async ({ queryKey } = {}) => {
      if (queryKey?.[1] === "list") requests++;
    };
    const { request } = new Refetching(queries, clock);
    for (let step = 0; step < 30; step++) {
      applyEvents(queries, [{ name: "changed", data: { kind: "dataset", id: "d", change: "modified" } }], request);
      await clock.advance(100);
    }
    await clock.advance(5_000);
    expect(requests).toBe(3);
  });
});

describe("an order", () => {
  it("is pending until its event arrives, or for ten seconds", async () => {
    const clock = new FakeClock();
    const queries = new QueryClient();
    const refetched: unknown[] = [];
    queries.invalidateQueries = async (filters) => {
      refetched.push(filters?.queryKey);
    };
    const order = { kind: "run" as const, verb: "abort", status: "RUNNING", send: async () => {} };
    await sendOrder(queries, { ...order, id: "a" }, clock);
    await sendOrder(queries, { ...order, id: "b" }, clock);
    settleOrders([runEvent({ id: "a", status: "RUNNING" }), runEvent({ id: "b", status: "ABORTING" })]);
    await clock.advance(9_000);
    expect(refetched).toEqual([]);
    await clock.advance(1_000);
    expect(refetched).toEqual([
      ["run", "a"],
      ["run", "list"],
    ]);
  });
});
