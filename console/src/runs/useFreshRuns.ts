/** New runs of a list: they enter at the top only while nobody reads the list. */
import { hashKey, type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { fetchRuns, type RunFilter, type RunSummaries, type RunSummary, runsQuery, upToDate } from "@/api/runs";
import { type LiveEvent, useTopic } from "@/live/topics";
import { mainPane } from "@/ui/mainPane";
import { Membership } from "./membership";

const APART_MILLIS = 1_000;
/** So long after its last move, the pointer does not count as pointing at a row. */
const POINTING_MILLIS = 3_000;

type Fresh = {
  /** How many runs would enter the list. */
  count: number;
  /** Show them. */
  show: () => void;
};

/** The first page of a list as it is now, and the key of the list. */
type FirstPage = { key: string; page: RunSummaries };

/** Follow new runs. `isHeld` is whether the list must not move, such as while rows are selected. */
export function useFreshRuns(
  filter: RunFilter,
  runs: RunSummary[],
  isHeld: boolean,
  list: RefObject<HTMLElement | null>,
): Fresh {
  const queries = useQueryClient();
  const { queryKey } = runsQuery(filter);
  const key = hashKey(queryKey);
  const current = useRef(key);
  current.current = key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the filter
  const membership = useMemo(() => new Membership(filter), [key]);
  const [fetched, setFirst] = useState<FirstPage | null>(null);
  const first = fetched?.key === key ? fetched : null; // another filter has other new runs
  const shown = useMemo(() => new Set(runs.map(({ id }) => id)), [runs]);
  const show = async ({ page, key: wanted }: FirstPage) => {
    await queries.cancelQueries({ queryKey, exact: true }); // its response would be older
    if (current.current !== wanted) return;
    const data: InfiniteData<RunSummaries, string | null> = { pages: [upToDate(page)], pageParams: [null] };
    queries.setQueryData(queryKey, data);
    setFirst(null);
  };
  const showLatest = useRef(show);
  showLatest.current = show;
  const isAtRest = useRest(list, isHeld);
  const fetch = useFetchApart(async () => {
    const found = { key, page: await fetchRuns(filter) };
    if (current.current !== key) return;
    if (isAtRest()) await showLatest.current(found);
    else setFirst(found);
  });
  useTopic("runs", (events: LiveEvent[]) => {
    if (events.some(({ name }) => name === "reset")) membership.forget();
    const now = Date.now();
    const changes = events.filter((event) =>
      event.name === "run"
        ? membership.hasChanged(event.data, shown.has(event.data.id), now)
        : event.name === "changed" && first !== null,
    );
    fetch(changes.length > 0);
  });
  useEffect(() => {
    if (first === null) return;
    const timer = setInterval(() => isAtRest() && void showLatest.current(first), APART_MILLIS);
    return () => clearInterval(timer);
  }, [first, isAtRest]);
  const count = first?.page.items.filter(({ id }) => !shown.has(id)).length ?? 0;
  return { count, show: () => first && void show(first) };
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

/** Runs `fetch` at most once a second, and never twice at a time. A failure is left to the next call. */
function useFetchApart(fetch: () => Promise<void>): (isNeeded: boolean) => void {
  const latest = useRef(fetch);
  latest.current = fetch;
  const state = useRef({ lastAt: Number.NEGATIVE_INFINITY, timer: 0, isRunning: false, isNeeded: false });
  useEffect(
    () => () => {
      clearTimeout(state.current.timer);
      state.current.timer = 0;
    },
    [],
  );
  return useCallback(function plan(isNeeded: boolean) {
    const { current } = state;
    current.isNeeded ||= isNeeded;
    if (!current.isNeeded || current.isRunning || current.timer !== 0) return;
    const run = async () => {
      Object.assign(current, { lastAt: performance.now(), timer: 0, isRunning: true, isNeeded: false });
      const hasFailed = await latest.current().then(
        () => false,
        () => true,
      );
      current.isRunning = false;
      if (hasFailed) current.isNeeded = true;
      else plan(false);
    };
    current.timer = window.setTimeout(run, Math.max(0, current.lastAt + APART_MILLIS - performance.now()));
  }, []);
}
