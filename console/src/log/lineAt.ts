import type { LineCache } from "./lines";
import { timeOf } from "./text";

/** The number of the last line that was written at a time or before; null if the log begins later. */
export async function lineAt(cache: LineCache, at: number): Promise<number | null> {
  let [low, high] = [0, cache.state.totalLines ?? 0];
  while (low < high) {
    const middle = (low + high) >> 1;
    const time = await timeOfLine(cache, middle);
    if (time === null) return null;
    if (time <= at) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : low - 1;
}

async function timeOfLine(cache: LineCache, number: number): Promise<number | null> {
  if (!cache.line(number)) await cache.need(number, number + 1);
  const line = cache.line(number);
  return line ? timeOf(line.text) : null;
}
