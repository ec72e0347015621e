import { clsx } from "clsx";
import { type MouseEvent, type ReactNode, useState } from "react";
import { Checkbox } from "@/ui/Field";
import styles from "./Table.module.css";
import { cellClass } from "./TableHead";
import type { TableProps } from "./tableTypes";

type Props<Row> = TableProps<Row> & {
  row: Row;
  index: number;
  /** Select the row, or with Shift all rows since the last one that was selected. */
  onToggle: (index: number, isRange: boolean) => void;
};

export function TableRow<Row>(props: Props<Row>) {
  const { row, index, columns, rowId, rowLabel, rowHref, selection, compact, rowMenu, onOpen, onToggle } = props;
  const id = rowId(row);
  const changes = useChanges(props.rowState?.(row));
  const isSelected = selection?.ids.has(id) ?? false;
  const open = (event: MouseEvent) => {
    if (event.shiftKey && selection && !isOwnControl(event)) onToggle(index, true);
    else if (onOpen && !isOwnControl(event) && !hasSelectedText()) onOpen(row);
  };
  return (
    <tr
      aria-rowindex={index + 2}
      aria-selected={selection ? isSelected : undefined}
      data-row={id}
      data-index={index}
      data-faded={props.isFaded?.(row) || undefined}
      data-changes={changes === 0 ? undefined : changes % 2}
      className={clsx(onOpen && styles.opens)}
      onClick={open}
    >
      {selection && (
        <td className={styles.check}>
          <Checkbox
            aria-label={`Select ${rowLabel?.(row) ?? id}`}
            checked={isSelected}
            onClick={(event) => onToggle(index, event.shiftKey)}
            onChange={() => {}}
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

/** How often a value has changed since the row appeared. */
function useChanges(value: string | undefined): number {
  const [shown, setShown] = useState({ value, changes: 0 });
  if (shown.value === value) return shown.changes;
  setShown({ value, changes: shown.changes + 1 });
  return shown.changes + 1;
}

type RowLinkProps<Row> = TableProps<Row> & { row: Row; href: string; content: ReactNode };

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

function isOwnControl(event: MouseEvent): boolean {
  return event.target instanceof Element && event.target.closest("a, button, input, label, [role=menu]") !== null;
}

function hasSelectedText(): boolean {
  return (window.getSelection()?.toString() ?? "") !== "";
}
