/** The curves of a run as its charts draw them: in MB, percent and kB/s, with nothing where nothing was measured. */

import type { Metrics, Run } from "@/api/run";
import type { Marker } from "@/charts/markers";
import { MEBIBYTE } from "@/format/numbers";

type Numbers = (number | null)[];
type CurveName = keyof NonNullable<Metrics["curves"]>;

export type ChartCurves = {
  at: number[];
  memory: Numbers;
  /** The memory with the page cache on top of it. */
  withCache: Numbers;
  cache: Numbers;
  limit: Numbers;
  cpu: Numbers;
  throttled: Numbers;
  received: Numbers;
  sent: Numbers;
  gaps: [from: number, to: number][];
};

export function chartCurves(metrics: Metrics): ChartCurves {
  const rows = withGaps(metrics);
  const column = (name: CurveName, scale: number): Numbers => {
    const values = metrics.curves?.[name].values ?? [];
    return rows.map((row) => (row === null ? null : scaled(values[row], scale)));
  };
  const memory = column("memoryBytes", 1 / MEBIBYTE);
  const cache = column("cacheBytes", 1 / MEBIBYTE);
  const limit = column("limitBytes", 1 / MEBIBYTE);
  return {
    at: timesWithGaps(metrics, rows),
    memory,
    withCache: memory.map((used, row) => onTop(used, cache[row], limit[row])),
    cache,
    limit,
    cpu: column("cpuShare", 100),
    throttled: column("throttledShare", 100),
    received: column("receivedPerSec", 1 / 1000),
    sent: column("sentPerSec", 1 / 1000),
    gaps: metrics.gaps.map(([from = 0, to = 0]) => [from, to]),
  };
}

function scaled(value: number | null | undefined, scale: number): number | null {
  return value == null ? null : value * scale;
}

/** A part of the cache counts as memory too, so that the sum is cut at the limit, which the kernel never exceeds. */
function onTop(used: number | null, cache: number | null | undefined, limit: number | null | undefined): number | null {
  if (used === null || cache == null) return null;
  return limit == null ? used + cache : Math.max(used, Math.min(used + cache, limit));
}

/** The row of each point in the metrics; null for a point that breaks the lines in a gap. */
function withGaps({ at, gaps }: Metrics): (number | null)[] {
  const ends = new Set(gaps.map(([, to]) => to));
  return at.flatMap((time, row) => (ends.has(time) && row > 0 ? [null, row] : [row]));
}

function timesWithGaps({ at }: Metrics, rows: (number | null)[]): number[] {
  return rows.map((row, position) => {
    if (row !== null) return at[row] ?? 0;
    const [before, after] = [rows[position - 1] ?? 0, rows[position + 1] ?? 0];
    return ((at[before] ?? 0) + (at[after] ?? 0)) / 2;
  });
}

const EVENT_LABELS: Record<string, string> = {
  migration: "Migrated",
  reboot: "Rebooted",
  resurrection: "Resurrected",
  metamorph: "Metamorphed",
  "restart-on-error": "Restarted",
  abort: "Abort ordered",
  "oom-kill": "Out of memory",
};
const END_LABELS: Record<string, string> = { ABORTED: "Aborted", "TIMED-OUT": "Timed out" };

/** What happened to the run, for the time axis. What was recorded a moment after its end stands at the end. */
export function markersOf(metrics: Metrics, run: Run, axisEnd: number): Marker[] {
  const markers = metrics.events.map(({ at, kind }) => ({
    at: Math.min(at, axisEnd),
    label: EVENT_LABELS[kind] ?? kind,
    isBad: kind === "oom-kill",
  }));
  const end = END_LABELS[run.status];
  if (end && metrics.finishedAt !== null)
    markers.push({ at: Math.min(metrics.finishedAt, axisEnd), label: end, isBad: false });
  return markers;
}

/** The end of a value axis: the next round number, with room above the highest value. */
export function niceMaximum(values: readonly (number | null)[], least: number): number {
  const highest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), least) * 1.05;
  const unit = 10 ** Math.floor(Math.log10(highest));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8].find((step) => step * unit >= highest) ?? 10) * unit;
}

const LITTLE_ABOVE_GRANT = 115;
const MOST_WITH_GRANT = 400;

/** The axis of CPU ends a little above the grant, unless more was used. A run may use more in its first seconds. */
export function cpuMaximum(values: readonly (number | null)[]): number {
  const exceeds = values.some((value) => value !== null && value > LITTLE_ABOVE_GRANT);
  return exceeds ? niceMaximum(values, LITTLE_ABOVE_GRANT) : LITTLE_ABOVE_GRANT;
}

/** The grant is one of the ticks, unless it is too close to 0. */
export function cpuTicks(most: number): number[] {
  if (most <= 150) return [0, 50, 100];
  return most <= MOST_WITH_GRANT ? [0, 100, most] : [0, most / 2, most];
}

/** The axis of memory has its ticks at quarters of the limit, so that the limit is one of them. */
export function memoryTicks(limit: number): number[] {
  return [0, 0.25, 0.5, 0.75, 1].map((share) => share * limit);
}

export function highest(
  at: readonly number[],
  values: readonly (number | null)[],
): { at: number; value: number } | null {
  let found: { at: number; value: number } | null = null;
  values.forEach((value, row) => {
    const time = at[row];
    if (value !== null && time !== undefined && (found === null || value > found.value)) found = { at: time, value };
  });
  return found;
}
