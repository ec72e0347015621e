import { clsx } from "clsx";
import { MEBIBYTE, MISSING, megabytes } from "@/format/numbers";
import styles from "./MemoryBar.module.css";

type Props = {
  /** The peak in bytes; null if it is not known. */
  peakBytes: number | null | undefined;
  limitMbytes: number;
  /** Whether the limit cut the peak off, so that the number is a lower bound. */
  isAtLimit?: boolean;
  wide?: boolean;
};

/** The peak of memory against the limit, as a bar and as numbers in MB. */
export function MemoryBar({ peakBytes, limitMbytes, isAtLimit = false, wide = false }: Props) {
  return (
    <span className={clsx(styles.memory, wide && styles.wide)}>
      <Bar share={shareOf(peakBytes, limitMbytes, isAtLimit)} isAtLimit={isAtLimit} />
      <span className={clsx(styles.label, isAtLimit && styles.limit)}>
        <span className={styles.peak}>{peakText(peakBytes, limitMbytes, isAtLimit)}</span> / {limitMbytes}
      </span>
    </span>
  );
}

const LARGE_SHARE = 0.8;

type BarProps = {
  /** Between 0 and 1, or null if it is not known. */
  share: number | null;
  isAtLimit?: boolean;
  /** Shares above this one are amber. */
  largeAbove?: number;
};

/** A bar that is amber for a large share and red at the limit. */
export function Bar({ share, isAtLimit = false, largeAbove = LARGE_SHARE }: BarProps) {
  const color = isAtLimit ? styles.red : (share ?? 0) > largeAbove ? styles.amber : styles.blue;
  return (
    <span className={styles.track} aria-hidden>
      {share !== null && share > 0 && (
        <span className={clsx(styles.fill, color)} style={{ width: `${Math.min(1, share) * 100}%` }} />
      )}
    </span>
  );
}

export function shareOf(peakBytes: number | null | undefined, limitMbytes: number, isAtLimit = false): number | null {
  if (isAtLimit) return 1;
  return peakBytes == null || limitMbytes <= 0 ? null : peakBytes / (limitMbytes * MEBIBYTE);
}

export function peakText(peakBytes: number | null | undefined, limitMbytes: number, isAtLimit = false): string {
  if (isAtLimit) return `≥ ${limitMbytes}`;
  return peakBytes == null ? MISSING : megabytes(peakBytes);
}
