import type { LastRun } from "@/api/jobs";
import { MISSING } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { StatusPill } from "@/ui/StatusPill";
import styles from "./LastRunCell.module.css";

/** The status of a last run and when it started. The row around it links to what has the run. */
export function LastRunCell({ run }: { run: LastRun | undefined | null }) {
  if (!run) return MISSING;
  return (
    <span className={styles.last}>
      <StatusPill status={run.status} small />
      {shortTime(run.startedAt)}
    </span>
  );
}
