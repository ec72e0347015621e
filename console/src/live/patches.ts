/** Changes the query cache as events report. Keys of queries are as `useTopic` documents them. */
import type { InfiniteData, Query, QueryClient, QueryKey } from "@tanstack/react-query";
import { serverQuery } from "@/api/server";
import {
  type EventContents,
  type LiveEvent,
  type RecordChange,
  type RunSummary,
  type Topic,
  topicsOfKey,
} from "./topics";

export type RunPage = { items: RunSummary[] };

/** The newest state of runs that events have reported, so that a response that was on its way does not undo it. */
const newestRuns = new Map<string, RunSummary>();
const MAX_REMEMBERED = 2_000;

function remember(run: RunSummary): void {
  newestRuns.delete(run.id);
  newestRuns.set(run.id, run);
  for (const id of newestRuns.keys()) {
    if (newestRuns.size <= MAX_REMEMBERED) return;
    newestRuns.delete(id);
  }
}

/** The newer state of a run: that of a response, or that of an event since then. */
export function newestRun(run: RunSummary): RunSummary {
  return newer(run, newestRuns.get(run.id));
}

function newer(shown: RunSummary, other: RunSummary | undefined): RunSummary {
  return other !== undefined && isNewer(other, shown) ? other : shown;
}

function isNewer(run: RunSummary, shown: RunSummary): boolean {
  return Date.parse(run.modifiedAt) >= Date.parse(shown.modifiedAt);
}

/** What the user has and has used, of which records and jobs are counted. */
const USER_NUMBERS: QueryKey = ["user", "me"];

/** What a batch of events requires. Queries that were fetched before are fetched again if their record has changed. */
export function applyEvents(queries: QueryClient, events: LiveEvent[], invalidate: (key: QueryKey) => void): void {
  const runs = new Map<string, RunSummary>();
  for (const event of events) {
    if (event.name === "run") runs.set(event.data.id, event.data);
    else applyEvent(queries, event, invalidate);
  }
  if (runs.size > 0) applyRuns(queries, runs, invalidate);
}

function applyEvent(queries: QueryClient, event: LiveEvent, invalidate: (key: QueryKey) => void): void {
  if (event.name === "build") {
    changed(queries, "build", event.data.id, invalidate);
    invalidate(USER_NUMBERS);
  } else if (event.name === "changed") applyChange(queries, event.data, invalidate);
  else if (event.name === "fit") applyFit(queries, event.data, invalidate);
  else if (event.name === "server") patchServer(queries, event.data);
  else if (event.name === "standby") queries.setQueryData(["standby"], event.data.items);
  else if (event.name === "reset") {
    void queries.invalidateQueries({ predicate: isOfTopic(new Set(event.data.topics)) });
  }
}

function changed(queries: QueryClient, kind: string, id: string, invalidate: (key: QueryKey) => void): void {
  invalidate([kind, "list"]);
  invalidate([kind, kind === "user" ? "me" : id]);
  // A query may name the record as `username~name`, which an event does not.
  for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: [kind] })) {
    if (String(queryKey[1]).includes("~")) invalidate([kind, queryKey[1]]);
  }
}

function applyChange(
  queries: QueryClient,
  { kind, id, change }: RecordChange,
  invalidate: (key: QueryKey) => void,
): void {
  if (kind === "run" && change === "deleted") {
    queries.setQueriesData<InfiniteData<RunPage>>({ queryKey: ["run", "list"] }, (data) => withoutRun(data, id));
    invalidate(["run", "counts"]);
    invalidate(["run", id]);
  } else if (kind === "fit") {
    invalidate(["fit", "list"]); // its page gets the whole fit with the events of its own topic
  } else {
    changed(queries, kind, id, invalidate);
    if (change !== "modified") invalidate(USER_NUMBERS);
  }
}

function withoutRun(data: InfiniteData<RunPage> | undefined, id: string): InfiniteData<RunPage> | undefined {
  if (!data?.pages.some(({ items }) => items.some((run) => run.id === id))) return data;
  const pages = data.pages.map((page) => ({ ...page, items: page.items.filter((run) => run.id !== id) }));
  return { ...data, pages };
}

/** Each event has the whole fit. A fit that was fetched after the event was sent may be newer. */
function applyFit(queries: QueryClient, fit: EventContents["fit"], invalidate: (key: QueryKey) => void): void {
  const key = ["fit", fit.id];
  const shown = queries.getQueryData<EventContents["fit"]>(key);
  if (shown === undefined) invalidate(key);
  else if (fit.changes >= shown.changes) queries.setQueryData(key, fit);
  if (shown !== undefined && fit.status !== shown.status) invalidate(["fit", "list"]);
}

function patchServer(queries: QueryClient, state: EventContents["server"]): void {
  const { usedMbytes, limitMbytes, liveRuns, isEngineReachable } = state;
  queries.setQueryData(
    serverQuery.queryKey,
    (shown) => shown && { ...shown, memory: { usedMbytes, limitMbytes }, liveRuns, isEngineReachable },
  );
}

function applyRuns(queries: QueryClient, runs: Map<string, RunSummary>, invalidate: (key: QueryKey) => void): void {
  for (const run of runs.values()) {
    const before = newestRuns.get(run.id);
    if (before !== undefined && !isNewer(run, before)) continue;
    remember(run);
    if (before?.status !== run.status) {
      invalidate(["run", "counts"]);
      invalidate(USER_NUMBERS);
    }
    if (before === undefined || hasChangedForPage(before, run)) invalidate(["run", run.id]);
  }
  queries.setQueriesData<InfiniteData<RunPage>>({ queryKey: ["run", "list"] }, patchPages);
}

/** Whether more has changed than the numbers of a live run, which its page gets as samples. */
function hasChangedForPage(before: RunSummary, run: RunSummary): boolean {
  return (
    before.status !== run.status ||
    before.statusMessage !== run.statusMessage ||
    before.actorId !== run.actorId ||
    before.containerUrl !== run.containerUrl
  );
}

/** The same pages with the newest state of each run. What did not change stays the same object. */
function patchPages(data: InfiniteData<RunPage> | undefined): InfiniteData<RunPage> | undefined {
  if (data === undefined) return undefined;
  const pages = data.pages.map((page) => {
    const items = page.items.map(newestRun);
    return items.some((run, index) => run !== page.items[index]) ? { ...page, items } : page;
  });
  return pages.some((page, index) => page !== data.pages[index]) ? { ...data, pages } : data;
}

/** The queries that the events of some topics update. */
export function isOfTopic(topics: ReadonlySet<Topic>): (query: Query) => boolean {
  return ({ queryKey }) =>
    topicsOfKey(queryKey).some((topic) => topics.has(topic)) || topics.has(`${queryKey[0]}:${queryKey[1]}` as Topic);
}
