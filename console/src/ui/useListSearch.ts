import { useAddress } from "@/ui/useAddress";

/** The rows of a list that contain a text, in any case. The text is `q` of the address. */
export function useListSearch<Row>(
  rows: readonly Row[] | undefined,
  textOf: (row: Row) => string,
): { q: string; found: Row[]; onSearch: (text: string) => void } {
  const { get, change } = useAddress();
  const q = get("q");
  return { q, found: containing(rows ?? [], textOf, q), onSearch: (text) => change({ q: text }) };
}

export function containing<Row>(rows: readonly Row[], textOf: (row: Row) => string, text: string): Row[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter((row) => textOf(row).toLowerCase().includes(wanted));
}
