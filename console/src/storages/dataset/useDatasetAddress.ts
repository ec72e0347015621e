/** What a table of items shows, in the address. */
import { type AddressChanges, useAddress } from "@/ui/useAddress";
import type { View } from "./columns";

export const PAGE_SIZES = [50, 100, 250, 500, 1000] as const;
const ALL_FIELDS = "all";

export type DatasetAddress = {
  view: View | null;
  isJson: boolean;
  columns: string;
  find: string;
  limit: number;
  page: number;
  /** The index in the page of the item whose panel is open. */
  item: number | null;
  change: (changes: AddressChanges, isStep?: boolean) => void;
};

/** Without a view in the address, the first one of the schema is shown. */
export function useDatasetAddress(views: View[]): DatasetAddress {
  const { get, change } = useAddress();
  const name = get("view");
  const limit = PAGE_SIZES.find((each) => String(each) === get("limit")) ?? PAGE_SIZES[0];
  const view = name === ALL_FIELDS ? null : (views.find(({ id }) => id === name) ?? views[0] ?? null);
  return {
    view,
    isJson: get("as") === "json",
    columns: get("columns"),
    find: get("find"),
    limit,
    page: Math.max(1, Math.floor(Number(get("page"))) || 1),
    item: /^\d+$/.test(get("item")) ? Number(get("item")) : null,
    change,
  };
}

/** The value of the address for a view, of which the first one is not in the address. */
export function viewName(view: View | null, views: View[]): string {
  if (view === null) return views.length > 0 ? ALL_FIELDS : "";
  return view === views[0] ? "" : view.id;
}
