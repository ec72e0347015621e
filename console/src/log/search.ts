/** The search in a log on the server, and the way from match to match. */
import { queryOptions } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components } from "@/api/local";

type Matches = components["schemas"]["LogMatches"];
export type Level = "ERROR" | "WARN" | "INFO" | "DEBUG" | "SYS";
export const LEVELS: Level[] = ["ERROR", "WARN", "INFO", "DEBUG", "SYS"];

/** Longer texts identify their line as well. */
const MAX_TEXT = 200;
/** A growing log is searched again and again, and only the last result is of use. */
const FORGET_MILLIS = 10_000;

/** The lines with a text, of some levels, or both. `totalLines` makes the search of a log that grew another one. */
export function matchesQuery(jobId: string, text: string, levels: Level[], totalLines: number | null) {
  return queryOptions({
    queryKey: ["log-search", jobId, text, levels.join(), totalLines],
    queryFn: ({ signal }): Promise<Matches> =>
      body(
        local.GET("/greenroom/logs/{job}/search", {
          params: { path: { job: jobId }, query: { q: text, ...(levels.length > 0 ? { levels } : {}) } },
          signal,
        }),
      ),
    gcTime: FORGET_MILLIS,
    enabled: (text !== "" || levels.length > 0) && totalLines !== null,
    // The matches of the shorter log stay while those of the longer one are fetched, but not those of another text.
    placeholderData: (last: Matches | undefined, query) =>
      query?.queryKey.slice(0, 4).join("\n") === ["log-search", jobId, text, levels.join()].join("\n")
        ? last
        : undefined,
  });
}

/** The number of the last line with a text, of some levels, or both; null if no line matches. */
export function lastLineQuery(jobId: string, text: string, levels: Level[]) {
  const query = { q: text.slice(0, MAX_TEXT), ...(levels.length > 0 ? { levels } : {}) };
  return queryOptions({
    queryKey: ["log-last", jobId, query.q, levels.join()],
    queryFn: async ({ signal }): Promise<number | null> => {
      const params = { path: { job: jobId }, query };
      const { numbers } = await body(local.GET("/greenroom/logs/{job}/search", { params, signal }));
      return numbers.at(-1) ?? null;
    },
  });
}

/** The match after (or before) a line, or else from the other end; null without any match. */
export function nextMatch(numbers: readonly number[], current: number | null, step: 1 | -1): number | null {
  if (numbers.length === 0) return null;
  const next =
    step === 1
      ? numbers.find((number) => current === null || number > current)
      : numbers.findLast((number) => current === null || number < current);
  return next ?? numbers.at(step === 1 ? 0 : -1) ?? null;
}
