/** The rows of a fit: what was measured at each size, and what it means. */
import type { Fit, FitLiveRun, FitRun, FitSize } from "@/api/fits";
import { isLiveFit } from "@/api/fits";
import { MEBIBYTE, MISSING } from "@/format/numbers";
import { durationInWords } from "@/format/times";

const SECOND = 1000;
/** Smaller differences are noise. The server selects sizes by the same measure. */
const TOLERANCE = 0.05;

export type Times = { median: number; low: number; high: number };

export type Row = {
  memoryMbytes: number;
  /** Null while no run of this size has ended. */
  size: FitSize | null;
  live: FitLiveRun[];
  /** Seconds of the runs that succeeded; null if none did. */
  times: Times | null;
  isRecommended: boolean;
};

/** The rows of one input, the smallest size first. A live fit also has the sizes that wait. */
export function rowsOf(fit: Fit, input: number): Row[] {
  const measured = fit.sizes.filter((each) => each.input === input);
  const live = fit.live.filter((each) => each.input === input);
  const waiting = fit.sweeps && isLiveFit(fit) ? fit.wantedSizes : [];
  const sizes = new Set([...measured, ...live].map((each) => each.memoryMbytes).concat(waiting));
  return [...sizes]
    .sort((a, b) => a - b)
    .map((memoryMbytes) => ({
      memoryMbytes,
      size: measured.find((each) => each.memoryMbytes === memoryMbytes) ?? null,
      live: live.filter((each) => each.memoryMbytes === memoryMbytes),
      times: timesOf(fit.runs.filter((run) => run.input === input && run.memoryMbytes === memoryMbytes)),
      isRecommended: fit.recommendation?.memoryMbytes === memoryMbytes,
    }));
}

/** The median and the range of the runs that succeeded. Runs that were not disturbed count alone, if there are any. */
export function timesOf(runs: readonly FitRun[]): Times | null {
  const succeeded = runs.filter(({ status }) => status === "SUCCEEDED");
  const undisturbed = succeeded.filter(({ isDisturbed }) => !isDisturbed);
  const secs = (undisturbed.length > 0 ? undisturbed : succeeded).map((run) => run.secs).sort((a, b) => a - b);
  const [low, high] = [secs[0], secs.at(-1)];
  if (low === undefined || high === undefined) return null;
  const half = Math.floor(secs.length / 2);
  const upper = secs[half] ?? high;
  return { low, high, median: secs.length % 2 === 1 ? upper : ((secs[half - 1] ?? low) + upper) / 2 };
}

/** The peak of a row in bytes: that of its runs, or that of its live run until now. */
export function peakOf({ size, live }: Row): number | null {
  const now = live.flatMap(({ peakBytes }) => (peakBytes === null ? [] : [peakBytes]));
  const all = size?.peakBytes == null ? now : [size.peakBytes, ...now];
  return all.length === 0 ? null : Math.max(...all);
}

export function isAtLimit({ size }: Row): boolean {
  return size?.isPeakLowerBound ?? false;
}

/** Whether some runs of a size fitted, and some did not. */
export function isFlaky(size: FitSize): boolean {
  return size.misses > 0 && size.misses < size.runs;
}

/** The status whose look a row gets, and its word. */
export function resultOf({ size, live }: Row, isFitLive: boolean): { status: string; text: string } {
  if (live.length > 0) return { status: "RUNNING", text: "Measuring" };
  if (size === null) return { status: "READY", text: isFitLive ? "Waiting" : "Not measured" };
  if (size.verdict === "fits") return { status: "SUCCEEDED", text: "Fits" };
  if (isFlaky(size)) return { status: "TIMED-OUT", text: `${size.runs - size.misses} of ${size.runs} fit` };
  if (size.verdict === "tight") return { status: "TIMED-OUT", text: "Tight" };
  if (size.verdict === "timed out") return { status: "TIMED-OUT", text: "Timed out" };
  if (size.verdict === "aborted") return { status: "ABORTED", text: "Aborted" };
  return { status: "FAILED", text: capitalized(size.verdict) };
}

const WHY_RECOMMENDED = {
  smallest: "Smallest size that fits",
  cheapest: "Lowest cost",
  fastest: "Shortest time",
  balanced: "Best balance of time and cost",
} as const;

/** What a row means, in a few words. */
export function verdictOf(row: Row, rows: readonly Row[], fit: Fit): string {
  const { size, memoryMbytes } = row;
  if (size === null) return "";
  if (size.verdict !== "fits") return missOf(size, memoryMbytes);
  if (row.isRecommended) return `${WHY_RECOMMENDED[fit.strategy]}${size.isProven ? ", proven" : ""}`;
  const comparison = comparisonOf(
    row,
    rows.find((each) => each.isRecommended),
  );
  const isSmallest = rows.find((each) => each.size?.verdict === "fits") === row;
  if (isSmallest) return comparison ? `Smallest size that fits. ${comparison}` : "Smallest size that fits";
  return comparison;
}

function missOf(size: FitSize, memoryMbytes: number): string {
  const [missed, all] = [size.misses, size.runs];
  const some = isFlaky(size) ? `${missed} of ${all} runs ` : "";
  const after = durationInWords(size.secs * SECOND);
  switch (size.verdict) {
    case "out of memory":
      return some ? `${some}ran out of memory` : `Killed after ${after}: ${memoryMbytes} MB is too small`;
    case "tight":
      return size.neededMbytes === null
        ? "Too little is free above the peak"
        : `Needs ${Math.ceil(size.neededMbytes)} MB with ${Math.round(size.headroom * 100)} % headroom`;
    case "process killed":
      return "A process of the run was killed at the memory limit";
    case "disk full":
      return `${some || "The run "}used the whole disk of ${2 * memoryMbytes} MB`;
    case "timed out":
      return `${some || "The run "}reached the timeout after ${after}`;
    case "aborted":
      return some ? `${some}${missed === 1 ? "was" : "were"} aborted` : "The run was aborted";
    default:
      return `${some || "The run "}failed for another reason than memory`;
  }
}

/** Time and cost against those of the recommended size. */
function comparisonOf(row: Row, recommended: Row | undefined): string {
  const [time, base] = [row.times?.median, recommended?.times?.median];
  const [cost, baseCost] = [row.size?.costUsd, recommended?.size?.costUsd];
  if (time === undefined || base === undefined || cost === undefined || !baseCost) return "";
  const times = timesWords(time, base);
  const costs = `${(cost / baseCost).toFixed(1)} times the cost`;
  return Math.abs(cost / baseCost - 1) < TOLERANCE ? `${times} at the same cost` : `${times}, ${costs}`;
}

function timesWords(time: number, base: number): string {
  if (Math.abs(time / base - 1) < TOLERANCE) return time < base ? "No faster" : "As fast";
  return `${durationInWords(Math.abs(time - base) * SECOND)} ${time < base ? "faster" : "slower"}`;
}

/** A number with four decimals, or with two significant digits if it is smaller than that. */
export function significant(value: number | null | undefined): string {
  if (value == null) return MISSING;
  return value === 0 || value >= 0.001 ? value.toFixed(4) : value.toFixed(1 - Math.floor(Math.log10(value)));
}

export function dollars(value: number | null | undefined): string {
  return value == null ? MISSING : `$${significant(value)}`;
}

/** Megabytes of a peak as whole numbers. */
export function peakMbytes(bytes: number): number {
  return Math.round(bytes / MEBIBYTE);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
