/** What charts and a log share: the time at the cursor, and the part of the time axis that is shown. Times are milliseconds since 1970. */
import { createStore, type Store } from "@/ui/store";

type Position = {
  /** Where the pointer is. */
  pointed: number | null;
  /** Where the user clicked. It stays when the pointer leaves. */
  pinned: number | null;
  /** The zoomed part of the axis; null shows all. */
  range: readonly [from: number, to: number] | null;
};

export type SharedPosition = Store<Position>;

export function createPosition(): SharedPosition {
  return createStore<Position>({ pointed: null, pinned: null, range: null });
}

export function cursorOf({ pointed, pinned }: Position): number | null {
  return pointed ?? pinned;
}

export function move(position: SharedPosition, changes: Partial<Position>): void {
  const before = position.get();
  if (Object.entries(changes).some(([key, value]) => before[key as keyof Position] !== value)) {
    position.set({ ...before, ...changes });
  }
}

/** The position in a sorted list of the last time that is not after `at`; -1 if all are. */
export function lastAtOrBefore(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The position of the nearest time; -1 in an empty list. */
export function nearest(times: readonly number[], at: number): number {
  const before = lastAtOrBefore(times, at);
  const [left, right] = [times[before], times[before + 1]];
  if (left === undefined || right === undefined) return left === undefined ? (right === undefined ? -1 : 0) : before;
  return at - left <= right - at ? before : before + 1;
}
