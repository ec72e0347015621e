import { clsx } from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import { Checkbox } from "@/ui/Field";
import styles from "./Table.module.css";
import type { Column, Sorting, TableProps } from "./tableTypes";

export function TableHead<Row>({ columns, rows, rowId, selection, sorting, onSort, rowMenu }: TableProps<Row>) {
  const selected = selection?.ids.size ? rows.filter((row) => selection.ids.has(rowId(row))).length : 0;
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

export function cellClass<Row>(column: Column<Row>): string {
  return clsx(column.isNumber && styles.number, column.grows && styles.grows, hidingClass(column));
}

/** The class that hides a column on windows that are too narrow for it. */
export function hidingClass<Row>(column: Column<Row>): string {
  return clsx(
    column.hideBelow === "wide" && styles.hideBelowWide,
    column.hideBelow === "narrow" && styles.hideBelowNarrow,
  );
}
