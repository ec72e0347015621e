import { clsx } from "clsx";
import { type MouseEvent, memo, type ReactNode, useState } from "react";
import { Checkbox } from "@/ui/Field";
import styles from "./Table.module.css";
import { cellClass } from "./TableHead";
import type { Column } from "./tableTypes";

type Props<Row> = {
  row: Row;
  index: number;
  id: string;
  label: string | undefined;
  href: string | undefined;
  /** Undefined if rows cannot be selected. */
  isSelected: boolean | undefined;
  isFaded: boolean;
  state: string | undefined;
  columns: Column<Row>[];
  /** What the row shows instead of its cells. */
  compact: ((row: Row) => ReactNode) | undefined;
  rowMenu: ((row: Row) => ReactNode) | undefined;
  onOpen: ((row: Row) => void) | undefined;
  /** Select the row, or with Shift all rows since the last one that was selected. */
  onToggle: (index: number, isRange: boolean) => void;
};

function Row<R>(props: Props<R>) {
  const { row, index, id, label, isSelected, columns, compact, rowMenu, onOpen, onToggle } = props;
  const changes = useChanges(props.state);
  const open = (event: MouseEvent) => {
    if (isOwnControl(event)) return;
    if (event.shiftKey && isSelected !== undefined) onToggle(index, true);
    else if (onOpen && !hasSelectedText()) onOpen(row);
  };
  return (
    <tr
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-row={id}
      data-index={index}
      data-faded={props.isFaded || undefined}
      data-changes={changes === 0 ? undefined : changes % 2}
      className={clsx(onOpen && styles.opens)}
      onClick={open}
    >
      {isSelected !== undefined && (
        <td className={styles.check}>
          <Checkbox
            aria-label={`Select ${label ?? id}`}
            checked={isSelected}
            onClick={(event) => onToggle(index, event.shiftKey)}
            onChange={() => {}}
          />
        </td>
      )}
      {compact ? (
        <td className={styles.compact}>
          <RowLink {...props}>{compact(row)}</RowLink>
        </td>
      ) : (
        columns.map((column, position) => (
          <td key={column.id} className={cellClass(column)}>
            {position === 0 ? <RowLink {...props}>{column.cell(row)}</RowLink> : column.cell(row)}
          </td>
        ))
      )}
      {rowMenu && <td className={styles.menu}>{rowMenu(row)}</td>}
    </tr>
  );
}

/** A row is drawn again only if something of it has changed. */
export const TableRow = memo(Row) as typeof Row;

/** How often a value has changed since the row appeared. */
function useChanges(value: string | undefined): number {
  const [shown, setShown] = useState({ value, changes: 0 });
  if (shown.value === value) return shown.changes;
  setShown({ value, changes: shown.changes + 1 });
  return shown.changes + 1;
}

/** The link of a row. A click with Ctrl or the middle button opens it in a new tab, as for each link. */
function RowLink<R>({ row, href, label, onOpen, children }: Props<R> & { children: ReactNode }) {
  if (href === undefined) return children;
  return (
    <a
      href={href}
      className={styles.link}
      aria-label={label}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || !onOpen) return;
        event.preventDefault();
        event.stopPropagation();
        onOpen(row);
      }}
    >
      {children}
    </a>
  );
}

function isOwnControl(event: MouseEvent): boolean {
  return event.target instanceof Element && event.target.closest("a, button, input, label, [role=menu]") !== null;
}

function hasSelectedText(): boolean {
  return (window.getSelection()?.toString() ?? "") !== "";
}
