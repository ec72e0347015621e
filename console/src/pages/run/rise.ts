/** The last lasting rise of a curve, as a clue to what filled the memory. */

type Rise = { from: number; to: number; perSec: number };

const TOLERANCE = 0.05;
const LEAST_RISE = 0.25;
const LEAST_SECS = 3;

/**
 * The rise up to the highest value: it begins after the last low point before it. Null if it is less than a quarter
 * of `limit`, or too short to be one.
 */
export function riseOf(at: readonly number[], values: readonly (number | null)[], limit: number): Rise | null {
  const peak = positionOfMaximum(values);
  const low = peak < 0 ? -1 : lowPointBefore(values, peak, limit * TOLERANCE);
  const [top, bottom] = [values[peak], values[low]];
  if (top == null || bottom == null || top - bottom < limit * LEAST_RISE) return null;
  const start = lastNear(values, low, peak, bottom + (top - bottom) * TOLERANCE);
  const [from, to] = [at[start] ?? 0, at[peak] ?? 0];
  const secs = (to - from) / 1000;
  return secs < LEAST_SECS ? null : { from, to, perSec: (top - (values[start] ?? bottom)) / secs };
}

function positionOfMaximum(values: readonly (number | null)[]): number {
  let position = -1;
  values.forEach((value, index) => {
    if (value !== null && value > (values[position] ?? Number.NEGATIVE_INFINITY)) position = index;
  });
  return position;
}

/** Going back from the peak, the lowest value before the curve was clearly higher again. */
function lowPointBefore(values: readonly (number | null)[], peak: number, tolerance: number): number {
  let low = peak;
  for (let index = peak; index >= 0; index--) {
    const value = values[index];
    if (value == null) continue;
    if (value > (values[low] ?? 0) + tolerance) break;
    if (value < (values[low] ?? 0)) low = index;
  }
  return low;
}

function lastNear(values: readonly (number | null)[], first: number, end: number, most: number): number {
  for (let index = end; index > first; index--) {
    const value = values[index];
    if (value != null && value <= most) return index;
  }
  return first;
}
