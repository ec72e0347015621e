/** What the command palette finds on the server. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { body, dataOf, local, platform } from "@/api/client";

export const FOUND_RUNS_KEY = ["run", "found"];
const FOUND_RUNS = 8;
const MOST = 1000;

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

export type FoundStorage = {
  kind: "dataset" | "key-value store" | "request queue";
  id: string;
  name: string;
  path: string;
};

/** All storages of the user, those without a name too, since their ids can be searched. */
export const storageNamesQuery = queryOptions({
  queryKey: ["datasets", "names"],
  queryFn: async ({ signal }): Promise<FoundStorage[]> => {
    const options = { params: { query: { unnamed: true, limit: MOST, desc: true } }, signal };
    const [datasets, stores, queues] = await Promise.all([
      dataOf(platform.GET("/v2/datasets", options)),
      dataOf(platform.GET("/v2/key-value-stores", options)),
      dataOf(platform.GET("/v2/request-queues", options)),
    ]);
    return [
      ...datasets.items.map((each) => found("dataset", "datasets", each)),
      ...stores.items.map((each) => found("key-value store", "key-value-stores", each)),
      ...queues.items.map((each) => found("request queue", "request-queues", each)),
    ];
  },
});

function found(kind: FoundStorage["kind"], folder: string, { id, name }: { id: string; name?: string | null }) {
  return { kind, id, name: name ?? "", path: `/storage/${folder}/${id}` };
}
