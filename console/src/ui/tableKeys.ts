/** Selecting rows, and moving between them with keys. */
import { type RefObject, useCallback, useRef } from "react";
import { useKeys } from "@/ui/keys";
import type { TableProps } from "./tableTypes";

/** A function that selects or deselects the row at an index, or all rows from the last one to it. */
export function useToggle<Row>(props: TableProps<Row>) {
  const lastId = useRef<string | null>(null);
  const latest = useRef(props);
  latest.current = props;
  return useCallback((index: number, isRange: boolean) => {
    const { rows, rowId, selection } = latest.current;
    const row = rows[index];
    if (!selection || row === undefined) return;
    const last = isRange ? rows.findIndex((each) => rowId(each) === lastId.current) : -1;
    const from = last < 0 ? index : last;
    const ids = rows.slice(Math.min(from, index), Math.max(from, index) + 1).map(rowId);
    const isAdded = isRange || !selection.ids.has(rowId(row));
    const result = new Set(selection.ids);
    for (const id of ids) isAdded ? result.add(id) : result.delete(id);
    lastId.current = rowId(row);
    selection.onChange(result);
  }, []);
}

/** `j` and `k` move the focus between the links of rows, `x` selects, `Shift x` selects a range. */
export function useTableKeys<Row>(
  { rows, onOpen }: TableProps<Row>,
  body: RefObject<HTMLElement | null>,
  show: (index: number) => void,
  toggle: (index: number, isRange: boolean) => void,
): void {
  const lastIndex = useRef(-1);
  const focused = () => {
    const index = document.activeElement?.closest("tr")?.dataset.index;
    return body.current?.contains(document.activeElement) && index !== undefined ? Number(index) : null;
  };
  const focus = (index: number) => {
    lastIndex.current = index;
    show(index);
    const link = () => body.current?.querySelector<HTMLElement>(`tr[data-index="${index}"] :is(a, button)`);
    if (link()) link()?.focus({ preventScroll: true });
    else requestAnimationFrame(() => link()?.focus({ preventScroll: true })); // the row has just come into view
  };
  const move = (step: number) => {
    const next = Math.min(Math.max((focused() ?? lastIndex.current) + step, 0), rows.length - 1);
    if (rows.length > 0) focus(next);
  };
  const select = (isRange: boolean) => {
    const index = focused();
    if (index === null) return false;
    toggle(index, isRange);
  };
  useKeys(onOpen ? { j: () => move(1), k: () => move(-1), x: () => select(false), "shift+x": () => select(true) } : {});
}
