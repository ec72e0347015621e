/** Where the labels of a chart's markers stand, so that none leaves the chart or covers another. */

export type Marker = { at: number; label: string; isBad: boolean };
type PlacedMarker = Marker & {
  /** The hairline. */
  x: number;
  /** The left edge of the label; null without room for it. */
  labelX: number | null;
  width: number;
};

const GAP = 4;

/**
 * Labels stand to the right of their hairlines, and inward of the right edge. Labels of bad markers are placed first,
 * then the others from left to right; those without room are left out, and their hairlines stay.
 */
export function placeMarkers(
  markers: readonly Marker[],
  xOf: (at: number) => number,
  [left, right]: readonly [number, number],
  widthOf: (label: string) => number,
): PlacedMarker[] {
  const taken: [number, number][] = [];
  const placed = new Map<Marker, PlacedMarker>();
  const visible = markers.filter(({ at }) => xOf(at) >= left - 1 && xOf(at) <= right + 1);
  for (const marker of [...visible].sort(
    (one, other) => Number(other.isBad) - Number(one.isBad) || one.at - other.at,
  )) {
    const [x, width] = [xOf(marker.at), widthOf(marker.label)];
    const candidates = x + width <= right ? [x, x - width] : [x - width, right - width];
    const labelX = candidates.find((start) => start >= left && !overlaps(taken, start, start + width)) ?? null;
    if (labelX !== null) taken.push([labelX - GAP, labelX + width + GAP]);
    placed.set(marker, { ...marker, x, labelX, width });
  }
  return visible.flatMap((marker) => placed.get(marker) ?? []);
}

function overlaps(taken: [number, number][], start: number, end: number): boolean {
  return taken.some(([from, to]) => start < to && end > from);
}
