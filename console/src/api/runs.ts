/** Lists of runs: their filters, as the address names them, and the requests for their pages. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components, operations } from "@/api/local";
import { newestRun } from "@/live/patches";

export type RunSummary = components["schemas"]["RunSummary"];
export type RunSummaries = components["schemas"]["RunSummaries"];
type ServerFilter = NonNullable<operations["list_run_summaries_greenroom_runs_get"]["parameters"]["query"]>;
export type RunOrigin = NonNullable<ServerFilter["origin"]>;
export type RunSort = NonNullable<ServerFilter["sort"]>;

/** `from` and `to` are ISO 8601 times, or a time before now such as `24h`. */
export type RunFilter = {
  status?: string;
  actor?: string;
  task?: string;
  origin?: RunOrigin;
  from?: string;
  to?: string;
  q?: string;
  sort?: RunSort;
};

export const NEWEST_FIRST: RunSort = "-startedAt";
const FIRST_PAGE = 100;
const NEXT_PAGES = 500;
const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

export function runsQuery(filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: ["run", "list", filter],
    queryFn: ({ pageParam, signal }) => fetchRuns(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: RunSummaries) => page.nextCursor,
    placeholderData: keepPreviousData,
  });
}

/** A page of a list of runs, or its first one without a cursor. */
export async function fetchRuns(
  filter: RunFilter,
  cursor: string | null = null,
  signal: AbortSignal | null = null,
): Promise<RunSummaries> {
  const query = { ...serverFilter(filter), limit: cursor ? NEXT_PAGES : FIRST_PAGE, ...(cursor ? { cursor } : {}) };
  return upToDate(await body(local.GET("/greenroom/runs", { params: { query }, signal })));
}

/** A page that was fetched before, with the newest state of each run. */
export function upToDate(page: RunSummaries): RunSummaries {
  return { ...page, items: page.items.map(newestRun) };
}

/** How many runs have each status. The status in the filter does not count. */
export function runCountsQuery({ status: _, sort: __, ...filter }: RunFilter) {
  return queryOptions({
    queryKey: ["run", "counts", filter],
    queryFn: async ({ signal }) => {
      const query = { ...serverFilter(filter), limit: 1 };
      return (await body(local.GET("/greenroom/runs", { params: { query }, signal }))).counts;
    },
    placeholderData: keepPreviousData,
  });
}

/** The address of all runs of a list as a file. */
export function runsExportPath(filter: RunFilter, format: "csv" | "json"): string {
  const query = new URLSearchParams(Object.entries(serverFilter(filter)).map(([name, value]) => [name, String(value)]));
  return `/greenroom/runs.${format}?${query}`;
}

function serverFilter({ from, to, ...filter }: RunFilter, now = Date.now()): ServerFilter {
  const times = {
    ...(from ? { startedAfter: instant(from, now) } : {}),
    ...(to ? { startedBefore: instant(to, now) } : {}),
  };
  return { ...filter, ...times };
}

/** A time of a filter as an ISO 8601 timestamp. */
export function instant(text: string, now: number): string {
  const [, count, unit = ""] = /^(\d+)([mhd])$/.exec(text) ?? [];
  return count ? new Date(now - Number(count) * (UNITS[unit] ?? 0)).toISOString() : text;
}
