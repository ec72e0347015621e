import { useVirtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type MouseEvent, type ReactNode, type RefObject, useRef } from "react";
import { Checkbox } from "@/ui/Field";
import styles from "./Table.module.css";

export type Column<Row> = {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  isNumber?: boolean;
  /** Below this width of the window the column is hidden. */
  hideBelow?: "narrow" | "wide";
  /** The column takes the space that is left, and cuts long text. */
  grows?: boolean;
  /** Whether the header sorts. */
  sorts?: boolean;
};

export type Sorting = { column: string; isDescending: boolean };

export type Selection = { ids: ReadonlySet<string>; onChange: (ids: ReadonlySet<string>) => void };

type Props<Row> = {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowId: (row: Row) => string;
  rowLabel?: (row: Row) => string;
  /** The address of a row, which is a link as a whole. */
  rowHref?: (row: Row) => string;
  onOpen?: (row: Row) => void;
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
  selection?: Selection;
  /** What a row shows on a narrow screen instead of its cells: two lines. */
  compact?: (row: Row) => ReactNode;
  rowMenu?: (row: Row) => ReactNode;
  /** The element that scrolls; needed for more than a few hundred rows. */
  scroller?: RefObject<HTMLElement | null>;
  total?: number;
  focusedId?: string | null;
};

const ROW_HEIGHT = 36;
const DRAWN_BEYOND = 12;

/** A table of records. Rows outside the visible part are not in the document. */
export function Table<Row>(props: Props<Row>) {
  const { label, columns, rows, rowId, selection, scroller, total } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    enabled: scroller !== undefined,
    getScrollElement: () => scroller?.current ?? null,
    estimateSize: () => ROW_HEIGHT,
    overscan: DRAWN_BEYOND,
    scrollMargin: body.current?.offsetTop ?? 0,
  });
  const drawn = scroller === undefined ? null : virtual.getVirtualItems();
  const shown =
    drawn === null
      ? rows.map((row, index) => ({ row, index }))
      : drawn.flatMap(({ index }) => {
          const row = rows[index];
          return row === undefined ? [] : [{ row, index }];
        });
  const first = drawn?.[0];
  const last = drawn?.at(-1);
  const before = first ? first.start - virtual.options.scrollMargin : 0;
  const after = last ? virtual.getTotalSize() - (last.end - virtual.options.scrollMargin) : 0;
  const width = columns.length + (selection ? 1 : 0) + (props.rowMenu ? 1 : 0);
  return (
    <table
      className={styles.table}
      aria-label={label}
      aria-rowcount={(total ?? rows.length) + 1}
      data-compact={props.compact !== undefined}
    >
      <Head {...props} />
      <tbody ref={body}>
        {before > 0 && <Spacer height={before} width={width} />}
        {shown.map(({ row, index }) => (
          <TableRow key={rowId(row)} {...props} row={row} index={index} />
        ))}
        {after > 0 && <Spacer height={after} width={width} />}
      </tbody>
    </table>
  );
}

function Spacer({ height, width }: { height: number; width: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={width} style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}

function Head<Row>({ columns, rows, rowId, selection, sorting, onSort, rowMenu }: Props<Row>) {
  const selected = selection ? rows.filter((row) => selection.ids.has(rowId(row))).length : 0;
  return (
    <thead>
      <tr>
        {selection && (
          <th scope="col" className={styles.check}>
            <Checkbox
              aria-label="Select all rows"
              checked={selected > 0 && selected === rows.length}
              ref={(box) => {
                if (box) box.indeterminate = selected > 0 && selected < rows.length;
              }}
              onChange={(all) => selection.onChange(new Set(all ? rows.map(rowId) : []))}
            />
          </th>
        )}
        {columns.map((column) => (
          <HeadCell key={column.id} column={column} sorting={sorting} onSort={onSort} />
        ))}
        {rowMenu && (
          <th scope="col" className={styles.menu}>
            <span className="visually-hidden">Actions</span>
          </th>
        )}
      </tr>
    </thead>
  );
}

type HeadCellProps<Row> = {
  column: Column<Row>;
  sorting: Sorting | undefined;
  onSort: ((sorting: Sorting) => void) | undefined;
};

function HeadCell<Row>({ column, sorting, onSort }: HeadCellProps<Row>) {
  const isSorted = sorting?.column === column.id;
  const isDescending = isSorted && sorting.isDescending;
  const Arrow = isDescending ? ArrowDown : ArrowUp;
  const sort = isSorted ? { "aria-sort": isDescending ? ("descending" as const) : ("ascending" as const) } : {};
  return (
    <th scope="col" className={cellClass(column)} {...sort}>
      {column.sorts && onSort ? (
        <button
          type="button"
          className={styles.sort}
          onClick={() => onSort({ column: column.id, isDescending: !isDescending })}
        >
          {column.header}
          {isSorted && <Arrow aria-hidden />}
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

function TableRow<Row>(props: Props<Row> & { row: Row; index: number }) {
  const { row, index, columns, rowId, rowLabel, rowHref, selection, compact, rowMenu, onOpen } = props;
  const id = rowId(row);
  const isSelected = selection?.ids.has(id) ?? false;
  const open = (event: MouseEvent) => {
    if (onOpen && !isOwnControl(event) && !hasSelectedText()) onOpen(row);
  };
  return (
    <tr
      aria-rowindex={index + 2}
      aria-selected={selection ? isSelected : undefined}
      data-focused={props.focusedId === id || undefined}
      data-row={id}
      className={clsx(onOpen && styles.opens)}
      onClick={open}
    >
      {selection && (
        <td className={styles.check}>
          <Checkbox
            aria-label={`Select ${rowLabel?.(row) ?? id}`}
            checked={isSelected}
            onChange={() => selection.onChange(toggled(selection.ids, id))}
          />
        </td>
      )}
      {columns.map((column, position) => (
        <td key={column.id} className={cellClass(column)}>
          {position === 0 && rowHref ? (
            <RowLink {...props} href={rowHref(row)} content={column.cell(row)} />
          ) : (
            column.cell(row)
          )}
        </td>
      ))}
      {compact && <td className={styles.compact}>{compact(row)}</td>}
      {rowMenu && <td className={styles.menu}>{rowMenu(row)}</td>}
    </tr>
  );
}

type RowLinkProps<Row> = Props<Row> & { row: Row; href: string; content: ReactNode };

/** The link of a row. A click with Ctrl or the middle button opens it in a new tab, as for each link. */
function RowLink<Row>({ row, href, content, rowLabel, onOpen }: RowLinkProps<Row>) {
  return (
    <a
      href={href}
      className={styles.link}
      aria-label={rowLabel?.(row)}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || !onOpen) return;
        event.preventDefault();
        event.stopPropagation();
        onOpen(row);
      }}
    >
      {content}
    </a>
  );
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const result = new Set(ids);
  if (!result.delete(id)) result.add(id);
  return result;
}

function isOwnControl(event: MouseEvent): boolean {
  return event.target instanceof Element && event.target.closest("a, button, input, label, [role=menu]") !== null;
}

function hasSelectedText(): boolean {
  return (window.getSelection()?.toString() ?? "") !== "";
}

function cellClass<Row>(column: Column<Row>): string {
  return clsx(
    column.isNumber && styles.number,
    column.grows && styles.grows,
    column.hideBelow === "wide" && styles.hideBelowWide,
    column.hideBelow === "narrow" && styles.hideBelowNarrow,
  );
}
