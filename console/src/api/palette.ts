/** The runs that the command palette finds. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { body, local } from "@/api/client";

export const FOUND_RUNS_KEY = ["run", "counts", "found"];
const FOUND_RUNS = 8;

export function foundRunsQuery(text: string) {
  return queryOptions({
    queryKey: [...FOUND_RUNS_KEY, text],
    queryFn: async ({ signal }) => {
      const query = { limit: FOUND_RUNS, ...(text ? { q: text } : {}) };
      return (await body(local.GET("/greenroom/runs", { params: { query }, signal }))).items;
    },
    placeholderData: keepPreviousData,
  });
}
