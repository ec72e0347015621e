/** The scale of a bar chart. */

/** Above the highest bar there is room for its label. */
const ROOM = 1.12;
/** A limit farther above the highest bar than this would make all bars small. */
const FARTHEST_LIMIT = 2;

export type Bar = {
  label: string;
  value: number | null;
  /** The value as text, or what happened instead. */
  text: string;
  range?: { low: number; high: number } | null;
  limit?: number;
  look: "normal" | "best" | "bad" | "live";
};

/** The value at the top of the chart. */
export function topOf(bars: readonly Bar[]): number {
  const highest = Math.max(0, ...bars.map(({ value, range }) => Math.max(value ?? 0, range?.high ?? 0)));
  const limits = bars.flatMap(({ limit }) => (limit !== undefined && limit <= highest * FARTHEST_LIMIT ? [limit] : []));
  return Math.max(highest, ...limits) * ROOM || 1;
}

/** The height of a value in percent of the chart; null if it is beyond the top. */
export function heightOf(value: number | null | undefined, top: number): number | null {
  return value == null || value > top ? null : (Math.max(0, value) / top) * 100;
}

/** A range as its distance from the bottom and its height, in percent; null if it is too small to be seen. */
export function spanOf(range: Bar["range"], top: number): { bottom: number; height: number } | null {
  if (!range) return null;
  const [bottom, height] = [(range.low / top) * 100, ((range.high - range.low) / top) * 100];
  return height < 1 ? null : { bottom, height };
}
