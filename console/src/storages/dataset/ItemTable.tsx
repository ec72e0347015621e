import { type CSSProperties, useMemo, useRef } from "react";
import type { Item } from "@/api/datasetItems";
import { count } from "@/format/numbers";
import { type Column, Table } from "@/ui/Table";
import { Cell } from "./Cell";
import { type FieldColumn, sizeColumns, textOf } from "./columns";
import styles from "./Dataset.module.css";

const NUMBER_WIDTH = 72;

type Found = [item: Item, index: number];

type Props = {
  columns: FieldColumn[];
  found: Found[];
  /** The number of items before this page. */
  first: number;
  /** The text that was found, which is marked. */
  find: string;
  opened: number | null;
  onOpen: (index: number | null) => void;
};

/** Items as rows. It scrolls in both directions; rows outside of view are not in the document. */
export function ItemTable({ columns, found, first, find, opened, onOpen }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const table = useMemo(() => {
    const items = found.map(([item]) => item);
    const number: Column<Found> = {
      id: "#",
      header: "#",
      isNumber: true,
      width: NUMBER_WIDTH,
      cell: ([, index]) => <NumberButton number={first + index + 1} onOpen={() => onOpen(index)} />,
    };
    const sized = sizeColumns(columns, items);
    const cells = sized.columns.map(
      ({ column, isNumber, width, grows }): Column<Found> => ({
        id: `field ${column.field}`,
        header: column.label,
        isNumber,
        ...(grows ? { grows } : { width }),
        cell: ([item]) => <FoundCell item={item} column={column} find={find} />,
      }),
    );
    return { columns: [number, ...cells], width: NUMBER_WIDTH + sized.width };
  }, [columns, found, first, find, onOpen]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard has to be able to scroll it
    <section ref={scroller} className={styles.scroller} aria-label="Items" tabIndex={0} style={widthStyle(table.width)}>
      <Table
        label="Items"
        columns={table.columns}
        rows={found}
        rowId={([, index]) => String(index)}
        rowLabel={([, index]) => `Item ${first + index + 1}`}
        onOpen={([, index]) => onOpen(index === opened ? null : index)}
        scroller={scroller}
      />
    </section>
  );
}

/** The table is at least as wide as its columns need, so that the one that grows never disappears. */
function widthStyle(width: number): CSSProperties {
  return { "--table-width": `${width}px` } as CSSProperties;
}

/** The keyboard's way to the panel of an item. */
function NumberButton({ number, onOpen }: { number: number; onOpen: () => void }) {
  return (
    <button type="button" className={styles.number} aria-label={`Open item ${number}`} onClick={onOpen}>
      {count(number)}
    </button>
  );
}

function FoundCell({ item, column, find }: { item: Item; column: FieldColumn; find: string }) {
  const value = item[column.field];
  const text = textOf(value);
  const at = find.trim() === "" ? -1 : text.toLowerCase().indexOf(find.trim().toLowerCase());
  if (at < 0) return <Cell value={value} format={column.format} />;
  const end = at + find.trim().length;
  return (
    <>
      {text.slice(Math.max(0, at - 40), at)}
      <mark>{text.slice(at, end)}</mark>
      {text.slice(end)}
    </>
  );
}
