import { useQuery } from "@tanstack/react-query";
import { type Run, reportQuery } from "@/api/run";
import { percent } from "@/format/numbers";

const HIGH_SHARE = 0.5;
const NEAR_LIMIT = 0.9;

/** What held a run up that ended well, in one sentence; null if nothing did. */
export function useBottleneck(run: Run): string | null {
  const { data: report } = useQuery(reportQuery(run.id));
  const throttled = report?.cpu.throttledShare.value ?? 0;
  if (throttled >= HIGH_SHARE) return `The CPU was the bottleneck: throttled ${percent(throttled * 100)} of the time.`;
  const { peakBytes, limitBytes } = report?.memory ?? {};
  const isTight =
    peakBytes?.isLowerBound || (peakBytes?.value ?? 0) >= NEAR_LIMIT * (limitBytes ?? Number.POSITIVE_INFINITY);
  return isTight ? "The memory was nearly used up." : null;
}
