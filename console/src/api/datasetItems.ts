/** The items of a dataset: a page of them, all as a file, and pushing more. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "@/api/client";
import { apiPath } from "@/api/storageRecords";
import { type Json, readJson, writeJson } from "@/json/exact";

export type Item = Record<string, Json>;
export type Format = "csv" | "xlsx" | "json" | "jsonl" | "xml" | "html" | "rss";
export type ExportOptions = { view: string | null; skipsEmpty: boolean; hasHidden: boolean };
type PageOfItems = { view: string | null; offset: number; limit: number };

/** A page of items, as a view of the dataset's schema shows them. `total` counts the stored items. */
export const itemsQuery = (datasetId: string, { view, offset, limit }: PageOfItems) =>
  queryOptions({
    queryKey: ["dataset", datasetId, "items", view, offset, limit],
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({ offset: String(offset), limit: String(limit), ...(view ? { view } : {}) });
      const response = await request(`${apiPath("dataset", datasetId)}/items?${query}`, { signal });
      const total = Number(response.headers.get("X-Apify-Pagination-Total"));
      return { items: readJson(await response.text()) as Item[], total };
    },
    placeholderData: keepPreviousData,
  });

/** The address of all items as a file. */
export function exportPath(datasetId: string, format: Format, { view, skipsEmpty, hasHidden }: ExportOptions): string {
  const query = new URLSearchParams({ format });
  if (view !== null) query.set("view", view);
  if (skipsEmpty) query.set("skipEmpty", "1");
  if (!hasHidden) query.set("skipHidden", "1");
  return `${apiPath("dataset", datasetId)}/items?${query}`;
}

export async function pushItems(datasetId: string, items: unknown[]): Promise<void> {
  await request(`${apiPath("dataset", datasetId)}/items`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: writeJson(items),
  });
}
