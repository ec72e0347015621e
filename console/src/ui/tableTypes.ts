import type { ReactNode, RefObject } from "react";

export type Column<Row> = {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  isNumber?: boolean;
  /** Below this width of the window the column is hidden. */
  hideBelow?: "narrow" | "wide";
  /** The column takes the space that is left, and cuts long text. */
  grows?: boolean;
  /** The width in pixels. If all columns but the growing one have one, rows that scroll in change no width. */
  width?: number;
  /** The width on windows that show fewer columns. */
  narrowWidth?: number;
  /** Whether the header sorts. */
  sorts?: boolean;
};

export type Sorting = { column: string; isDescending: boolean };

export type Selection = { ids: ReadonlySet<string>; onChange: (ids: ReadonlySet<string>) => void };

export type TableProps<Row> = {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowId: (row: Row) => string;
  rowLabel?: (row: Row) => string;
  /** The address of a row, which is a link as a whole. */
  rowHref?: (row: Row) => string;
  /** Rows open. Then the keys `j`, `k`, `x`, `Shift x` and `Enter` work too; of such tables, a page has one. */
  onOpen?: (row: Row) => void;
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
  selection?: Selection;
  /** What a row shows on a narrow screen instead of its cells: two lines. */
  compact?: (row: Row) => ReactNode;
  rowMenu?: (row: Row) => ReactNode;
  /** When this value of a row changes, the row is highlighted for a moment. */
  rowState?: (row: Row) => string;
  /** Whether a row does not belong to the list any more. It stays until the list is fetched again. */
  isFaded?: (row: Row) => boolean;
  /** The element that scrolls; needed for more than a few hundred rows. */
  scroller?: RefObject<HTMLElement | null>;
  total?: number;
  /** Called when the last rows come near, so that more can be fetched. */
  onEnd?: () => void;
  /** Called with the first and last index of the rows in view. */
  onRange?: (range: [first: number, last: number]) => void;
};
