import { clsx } from "clsx";
import { Ban, CircleCheck, CircleDashed, CircleMinus, CircleX, ClockAlert, LoaderCircle, Timer } from "lucide-react";
import styles from "./StatusPill.module.css";

const STATUSES = {
  READY: ["Ready", CircleDashed, styles.ready],
  RUNNING: ["Running", LoaderCircle, styles.running],
  SUCCEEDED: ["Succeeded", CircleCheck, styles.succeeded],
  FAILED: ["Failed", CircleX, styles.failed],
  "TIMING-OUT": ["Timing out", Timer, styles.timedOut],
  "TIMED-OUT": ["Timed out", ClockAlert, styles.timedOut],
  ABORTING: ["Aborting", CircleMinus, styles.aborted],
  ABORTED: ["Aborted", Ban, styles.aborted],
} as const;

export type Status = keyof typeof STATUSES;
export const STATUS_NAMES = Object.keys(STATUSES) as Status[];

/** Statuses in which a run or build has not ended yet. */
const LIVE: ReadonlySet<string> = new Set(["READY", "RUNNING", "TIMING-OUT", "ABORTING"]);

export function isLive(status: string): boolean {
  return LIVE.has(status);
}

export function statusLabel(status: string): string {
  return status in STATUSES ? STATUSES[status as Status][0] : status;
}

const MOVES: Record<string, string | undefined> = {
  RUNNING: styles.turns,
  "TIMING-OUT": styles.turns,
  ABORTING: styles.pulses,
};

/** The mark of what is live, before a word that names it. */
export function LiveDot() {
  return <span className={styles.dot} aria-hidden />;
}

/** The status of a run or build: shape and word, repeated by the color. `text` replaces the word. */
export function StatusPill({ status, text, small = false }: { status: string; text?: string; small?: boolean }) {
  const [label, Icon, color] = STATUSES[status as Status] ?? [status, CircleDashed, styles.ready];
  return (
    <span className={clsx(styles.pill, color, small && styles.small)}>
      <Icon aria-hidden className={MOVES[status]} />
      {text ?? label}
    </span>
  );
}
