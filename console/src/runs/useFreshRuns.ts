/** New runs of a list: they enter at the top only while nobody reads the list. */
import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type RunFilter, type RunSummaries, type RunSummary, runsQuery } from "@/api/runs";
import { type LiveEvent, useTopic } from "@/live/topics";
import { mainPane } from "@/ui/mainPane";
import { isLive } from "@/ui/StatusPill";

const APART_MILLIS = 1_000;
/** So long after its last move, the pointer does not count as pointing at a row. */
const POINTING_MILLIS = 3_000;

type Fresh = {
  /** How many runs would enter the list. */
  count: number;
  /** Show them. */
  show: () => void;
};

/** Follow new runs. `isHeld` is whether the list must not move, such as while rows are selected. */
export function useFreshRuns(
  filter: RunFilter,
  runs: RunSummary[],
  isHeld: boolean,
  list: RefObject<HTMLElement | null>,
) {
  const queries = useQueryClient();
  const options = useMemo(() => runsQuery(filter), [filter]);
  const [first, setFirst] = useState<RunSummaries | null>(null);
  const shown = useMemo(() => new Map(runs.map((run) => [run.id, run])), [runs]);
  const show = useCallback(
    (page: RunSummaries) => {
      const data: InfiniteData<RunSummaries, string | null> = { pages: [page], pageParams: [null] };
      queries.setQueryData(options.queryKey, data);
      setFirst(null);
    },
    [queries, options],
  );
  const isAtRest = useRest(list, isHeld);
  const fetch = useFetchApart(
    useCallback(async () => {
      const page = await fetchFirstPage(filter);
      if (isAtRest()) show(page);
      else setFirst(page);
    }, [filter, isAtRest, show]),
  );
  useTopic("runs", (events: LiveEvent[]) => {
    if (events.some((event) => event.name === "run" && entersOrLeaves(event.data, shown, filter))) fetch();
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter has other new runs
  useEffect(() => setFirst(null), [filter]);
  useEffect(() => {
    if (first === null) return;
    const timer = setInterval(() => isAtRest() && show(first), APART_MILLIS);
    return () => clearInterval(timer);
  }, [first, isAtRest, show]);
  const count = first?.items.filter(({ id }) => !shown.has(id)).length ?? 0;
  return { count, show: () => first && show(first) } satisfies Fresh;
}

async function fetchFirstPage(filter: RunFilter): Promise<RunSummaries> {
  const { queryFn, queryKey } = runsQuery(filter);
  if (typeof queryFn !== "function") throw new TypeError("a list of runs has a function");
  const signal = new AbortController().signal;
  return (await queryFn({ pageParam: null, signal, queryKey } as never)) as RunSummaries;
}

/** Whether the list that the server returns now may differ from the shown one in more than the run's numbers. */
function entersOrLeaves(run: RunSummary, shown: ReadonlyMap<string, RunSummary>, filter: RunFilter): boolean {
  return !shown.has(run.id) || !hasStatusOf(run, filter);
}

/** Whether a run has the status that the list shows. */
export function hasStatusOf({ status }: RunSummary, filter: RunFilter): boolean {
  if (filter.status === undefined) return true;
  return filter.status === "LIVE" ? isLive(status) : status === filter.status;
}

/** A function that returns whether the list may move: it is at its top, and nobody points at it or has selected rows. */
function useRest(list: RefObject<HTMLElement | null>, isHeld: boolean): () => boolean {
  const movedAt = useRef(Number.NEGATIVE_INFINITY);
  const held = useRef(isHeld);
  held.current = isHeld;
  useEffect(() => {
    const move = () => {
      movedAt.current = performance.now();
    };
    const body = list.current;
    body?.addEventListener("pointermove", move);
    return () => body?.removeEventListener("pointermove", move);
  }, [list]);
  return useCallback(() => {
    const isPointing = performance.now() - movedAt.current < POINTING_MILLIS && list.current?.matches(":hover");
    const isOpen = document.querySelector("[role=dialog], [role=menu]") !== null;
    const isFocused = list.current?.contains(document.activeElement) ?? false;
    return (mainPane.current?.scrollTop ?? 0) === 0 && !held.current && !isPointing && !isOpen && !isFocused;
  }, [list]);
}

/** Calls of the returned function run `fetch` at most once a second. A failure is left to the next event. */
function useFetchApart(fetch: () => Promise<void>): () => void {
  const latest = useRef(fetch);
  latest.current = fetch;
  const state = useRef({ lastAt: Number.NEGATIVE_INFINITY, timer: 0 });
  useEffect(() => () => clearTimeout(state.current.timer), []);
  return useCallback(() => {
    const { lastAt, timer } = state.current;
    if (timer !== 0) return;
    const wait = Math.max(0, lastAt + APART_MILLIS - performance.now());
    state.current.timer = window.setTimeout(() => {
      state.current = { lastAt: performance.now(), timer: 0 };
      latest.current().catch(() => {});
    }, wait);
  }, []);
}
