import { LogViewer } from "@/log/LogViewer";
import styles from "./BuildLog.module.css";

export function BuildLog({ buildId, isLive }: { buildId: string; isLive: boolean }) {
  return (
    <div className={styles.log}>
      <LogViewer key={buildId} jobId={buildId} jobKind="build" isLive={isLive} />
    </div>
  );
}
