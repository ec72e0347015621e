/** The numbers of a row as text, for the table and for the report. */
import { MISSING, percent } from "@/format/numbers";
import { durationInWords } from "@/format/times";
import { dollars, isAtLimit, peakMbytes, peakOf, type Row, significant } from "./rows";

export function timeOf({ times, size }: Row): string {
  if (times === null) return MISSING;
  return `${size?.isTimeDisturbed ? "~" : ""}${durationInWords(times.median * 1000)}`;
}

export function peakText(row: Row): string {
  const peak = peakOf(row);
  if (isAtLimit(row)) return `≥ ${row.memoryMbytes} MB`;
  return peak === null ? MISSING : `${row.size?.isPeakEstimated ? "~" : ""}${peakMbytes(peak)} MB`;
}

export function throttled({ size }: Row): string {
  return percent(size?.throttledShare == null ? null : size.throttledShare * 100);
}

/** The cost of a run that ended early shows nothing about its size. */
export function computeUnitsOf({ times, size }: Row): string {
  return times === null ? MISSING : significant(size?.computeUnits);
}

export function costOf({ times, size }: Row): string {
  return times === null ? MISSING : dollars(size?.costUsd);
}

export function runsText({ size }: Row): string {
  return size === null ? MISSING : `${size.runs - size.misses} of ${size.runs}`;
}
