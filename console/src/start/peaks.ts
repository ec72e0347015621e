import { megabytes, plural } from "@/format/numbers";

export type Peak = { memMaxBytes: number | null; memoryMbytes: number; memAtLimit?: boolean | null };

/** What the latest runs needed, in a sentence; null if nothing was measured. */
export function peaksSentence(runs: readonly Peak[]): string | null {
  const known = runs.filter(
    (run): run is Peak & { memMaxBytes: number } => run.memMaxBytes != null && run.memMaxBytes > 0,
  );
  if (known.length === 0) return null;
  const peaks = known.map(({ memMaxBytes }) => memMaxBytes);
  const [least, most] = [megabytes(Math.min(...peaks)), megabytes(Math.max(...peaks))];
  const sizes = new Set(known.map(({ memoryMbytes }) => memoryMbytes));
  const at = sizes.size === 1 ? ` at ${[...sizes][0]} MB` : "";
  const isCutOff = known.some(({ memAtLimit }) => memAtLimit);
  const range = least === most ? `${isCutOff ? "≥ " : ""}${most} MB` : `${least} to ${isCutOff ? "≥ " : ""}${most} MB`;
  return `The last ${known.length === 1 ? "run" : plural(known.length, "run")}${at} peaked at ${range}.`;
}

/** The memory that the user can still get, or why the run would be rejected. */
export function grantSentence(memory: { usedMbytes: number; limitMbytes: number }, wanted: number | null) {
  const free = memory.limitMbytes - memory.usedMbytes;
  if (wanted !== null && wanted > free) {
    const text = `This run needs ${wanted} MB, and ${free} of ${memory.limitMbytes} MB are free. Abort a run or choose less memory.`;
    return { text, isTooMuch: true };
  }
  return { text: `You can still grant ${sizeText(free)}.`, isTooMuch: false };
}

function sizeText(mbytes: number): string {
  return mbytes < 1024 ? `${mbytes} MB` : `${Number((mbytes / 1024).toFixed(2))} GB`;
}
