import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { type CSSProperties, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import styles from "./Table.module.css";
import { hidingClass, TableHead } from "./TableHead";
import { TableRow } from "./TableRow";
import { useTableKeys, useToggle } from "./tableKeys";
import type { Column, TableProps } from "./tableTypes";
import { NARROW, useMediaQuery } from "./useMediaQuery";

export type { Column, Selection, Sorting } from "./tableTypes";

const ROW_HEIGHT = 36;
const DRAWN_BEYOND = 10;
const NEAR_END = 30;

/** A table of records. Rows outside the visible part are not in the document. */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, rowId, selection, scroller, total, onEnd } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const virtual = useVirtualRows(rows.length, scroller, body);
  const toggle = useToggle(props);
  const isNarrow = useMediaQuery(NARROW);
  useTableKeys(props, body, (index) => showRow(body.current, virtual, index), toggle);
  const drawn = scroller === undefined ? null : virtual.getVirtualItems();
  const [first, last] = [drawn?.[0], drawn?.at(-1)];
  const isNearEnd = last !== undefined && last.index >= rows.length - NEAR_END;
  useEffect(() => {
    if (isNearEnd) onEnd?.();
  }, [isNearEnd, onEnd]);
  const [firstShown, lastShown] = [virtual.range?.startIndex ?? 0, virtual.range?.endIndex ?? 0];
  const { onRange } = props;
  useEffect(() => onRange?.([firstShown, lastShown]), [onRange, firstShown, lastShown]);
  const indexes = drawn === null ? rows.keys() : drawn.map(({ index }) => index);
  const before = first ? first.start - virtual.options.scrollMargin : 0;
  const after = last ? virtual.getTotalSize() - (last.end - virtual.options.scrollMargin) : 0;
  return (
    <table
      className={styles.table}
      aria-label={label}
      aria-rowcount={(total ?? rows.length) + 1}
      data-compact={props.compact !== undefined}
      data-fixed={columns.every((column) => column.grows || column.width !== undefined)}
    >
      <Widths {...props} />
      <TableHead {...props} />
      <tbody ref={body}>
        {before > 0 && <Spacer height={before} />}
        {[...indexes].map((index) => {
          const row = rows[index];
          if (row === undefined) return null;
          const id = rowId(row);
          return (
            <TableRow
              key={id}
              row={row}
              index={index}
              id={id}
              label={props.rowLabel?.(row)}
              href={props.rowHref?.(row)}
              isSelected={selection?.ids.has(id)}
              isFaded={props.isFaded?.(row) ?? false}
              state={props.rowState?.(row)}
              columns={columns}
              compact={isNarrow ? props.compact : undefined}
              rowMenu={props.rowMenu}
              onOpen={props.onOpen}
              onToggle={toggle}
            />
          );
        })}
        {after > 0 && <Spacer height={after} />}
      </tbody>
    </table>
  );
}

/** Draw the rows that the scroller shows. Their height depends on the density and on the width of the window. */
function useVirtualRows(
  count: number,
  scroller: RefObject<HTMLElement | null> | undefined,
  body: RefObject<HTMLElement | null>,
): Virtualizer<HTMLElement, Element> {
  const [{ margin, height }, setMeasured] = useState({ margin: 0, height: ROW_HEIGHT });
  const virtual = useVirtualizer<HTMLElement, Element>({
    count,
    enabled: scroller !== undefined,
    getScrollElement: () => scroller?.current ?? null,
    estimateSize: () => height,
    overscan: DRAWN_BEYOND,
    scrollMargin: margin,
  });
  useLayoutEffect(() => {
    const [pane, rows] = [scroller?.current, body.current];
    if (!pane || !rows) return;
    const measure = () => {
      const top = rows.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;
      // A hidden table has rows without a height, of which all would fit into view.
      const row = rows.querySelector<HTMLElement>("tr[data-row]")?.getBoundingClientRect().height || ROW_HEIGHT;
      setMeasured((old) => (old.margin === top && old.height === row ? old : { margin: top, height: row }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(pane);
    for (const part of pane.children) observer.observe(part);
    return () => observer.disconnect();
  }, [scroller, body]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height makes the earlier sizes wrong
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  return virtual;
}

/** Bring a row into view, below the head of the table, which stays at the top. */
function showRow(body: HTMLElement | null, virtual: Virtualizer<HTMLElement, Element>, index: number): void {
  const row = body?.querySelector(`tr[data-index="${index}"]`);
  if (row) row.scrollIntoView({ block: "nearest" });
  else virtual.scrollToIndex(index);
}

function Widths<Row>({ columns, selection, rowMenu }: TableProps<Row>) {
  return (
    <colgroup>
      {selection && <col className={styles.checkColumn} />}
      {columns.map((column: Column<Row>) => (
        <col key={column.id} className={clsx(styles.column, hidingClass(column))} style={widthsOf(column)} />
      ))}
      <col className={styles.compactColumn} />
      {rowMenu && <col className={styles.menuColumn} />}
    </colgroup>
  );
}

function widthsOf<Row>({ width, narrowWidth = width }: Column<Row>): CSSProperties | undefined {
  return width === undefined
    ? undefined
    : ({ "--width": `${width}px`, "--narrow-width": `${narrowWidth}px` } as CSSProperties);
}

function Spacer({ height }: { height: number }) {
  return (
    <tr aria-hidden>
      <td className={styles.spacer} style={{ height }} />
    </tr>
  );
}
