import { type RefObject, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { ROW_HEIGHT, RowHeights } from "./heights";
import { LogRow } from "./LogRow";
import styles from "./LogViewer.module.css";
import type { LineCache, LogLine, Range } from "./lines";

const OVERSCAN = 8;
/** The view counts as at its end from this distance on. */
const END_DISTANCE = 4;

/** Which lines a pane shows: all of them, or those of a filter. */
export type Rows = { count: number; numberOf: (row: number) => number; rowOf: (number: number) => number };

export type PaneHandle = { scrollToRow: (row: number) => void; isVisible: (row: number) => boolean };

type Props = {
  cache: LineCache;
  rows: Rows;
  query: string;
  markedNumber: number | null;
  currentMatch: number | null;
  isWrapped: boolean;
  isFollowing: boolean;
  /** The user or the program scrolled; whether the end is visible now. */
  onScroll: (isAtEnd: boolean) => void;
  onLine: (line: LogLine) => void;
  handle: RefObject<PaneHandle | null>;
};

/** The lines of a log in a pane of their own. Only the visible ones are in the document. */
export function LogPane(props: Props) {
  const { cache, rows, isWrapped, isFollowing, onScroll, handle } = props;
  const pane = useRef<HTMLDivElement>(null);
  const [heights] = useState(() => new RowHeights());
  const [range, setRange] = useState({ first: 0, end: 60 });
  heights.resize(rows.count);

  const update = useCallback(() => {
    if (!pane.current) return;
    const next = visibleRows(pane.current, heights);
    setRange((shown) => (shown.first === next.first && shown.end === next.end ? shown : next));
  }, [heights]);
  useImperativeHandle(handle, () => ({
    scrollToRow: (row) => pane.current && scrollToRow(pane.current, heights, row),
    isVisible: (row) => pane.current !== null && isVisible(pane.current, heights, row),
  }));
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights depend on how lines wrap
  useLayoutEffect(() => {
    heights.reset();
    update();
  }, [isWrapped, heights, update]);
  // Runs after each render: heights are known only then, and new lines may have moved the end.
  useLayoutEffect(() => {
    if (!pane.current) return;
    const hasMoved = isWrapped && measureRows(pane.current, heights, isFollowing);
    if (isFollowing) pane.current.scrollTop = pane.current.scrollHeight;
    const next = visibleRows(pane.current, heights);
    if (hasMoved || next.first !== range.first || next.end !== range.end) setRange(next);
  });
  useEffect(() => {
    if (!pane.current) return;
    const element = pane.current;
    const observer = new ResizeObserver(() => {
      if (isWrapped) heights.reset();
      if (isFollowing) element.scrollTop = element.scrollHeight;
      update();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [heights, update, isWrapped, isFollowing]);
  useMissingLines(cache, rows, range);

  const scroll = () => {
    update();
    if (pane.current) onScroll(isAtEnd(pane.current));
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls the pane
    <section ref={pane} className={styles.pane} aria-label="Log" tabIndex={0} onScroll={scroll}>
      <div className={styles.lines} style={{ height: heights.total }}>
        {Array.from({ length: Math.max(0, Math.min(range.end, rows.count) - range.first) }, (_, index) => {
          const row = range.first + index;
          return <Row key={rows.numberOf(row)} {...props} row={row} top={heights.top(row)} />;
        })}
      </div>
    </section>
  );
}

function Row({ row, top, cache, rows, ...props }: Props & { row: number; top: number }) {
  const number = rows.numberOf(row);
  return (
    <LogRow
      row={row}
      number={number}
      line={cache.line(number)}
      top={top}
      query={props.query}
      isMarked={number === props.markedNumber}
      isCurrentMatch={number === props.currentMatch}
      isWrapped={props.isWrapped}
      onClick={props.onLine}
    />
  );
}

function useMissingLines(cache: LineCache, rows: Rows, { first, end }: { first: number; end: number }): void {
  const [from, to] = [first, Math.min(end, rows.count)];
  useEffect(() => {
    if (to <= from) return;
    const [firstNumber, lastNumber] = [rows.numberOf(from), rows.numberOf(to - 1)];
    const isConsecutive = lastNumber - firstNumber === to - 1 - from;
    const each = (_: unknown, index: number): Range => [rows.numberOf(from + index), rows.numberOf(from + index) + 1];
    void cache.view(isConsecutive ? [[firstNumber, lastNumber + 1]] : Array.from({ length: to - from }, each));
  }, [cache, rows, from, to]);
}

function visibleRows(pane: HTMLElement, heights: RowHeights): { first: number; end: number } {
  const { scrollTop, clientHeight } = pane;
  return {
    first: Math.max(0, heights.rowAt(scrollTop) - OVERSCAN),
    end: Math.min(heights.rows, heights.rowAt(scrollTop + clientHeight) + 1 + OVERSCAN),
  };
}

function isAtEnd({ scrollTop, clientHeight, scrollHeight }: HTMLElement): boolean {
  return scrollTop + clientHeight >= scrollHeight - END_DISTANCE;
}

function isVisible(pane: HTMLElement, heights: RowHeights, row: number): boolean {
  const top = heights.top(row);
  return top >= pane.scrollTop && top + ROW_HEIGHT <= pane.scrollTop + pane.clientHeight;
}

function scrollToRow(pane: HTMLElement, heights: RowHeights, row: number): void {
  pane.scrollTop = heights.top(row) - pane.clientHeight / 2 + ROW_HEIGHT / 2;
}

/** Measure the rows in the document. Returns whether one of them had another height than expected. */
function measureRows(pane: HTMLElement, heights: RowHeights, isFollowing: boolean): boolean {
  const base = heights.rowAt(pane.scrollTop);
  let change = 0;
  let above = 0;
  for (const element of pane.querySelectorAll<HTMLElement>("[data-row]")) {
    const row = Number(element.dataset.row);
    const moved = heights.measure(row, element.offsetHeight);
    change += Math.abs(moved);
    if (row < base) above += moved;
  }
  // What the user reads stays where it is when rows above it turn out to be higher.
  if (above !== 0 && !isFollowing) pane.scrollTop += above;
  return change !== 0;
}
