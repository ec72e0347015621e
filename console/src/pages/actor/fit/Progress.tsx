import type { Fit } from "@/api/fits";
import { plural } from "@/format/numbers";
import styles from "./Fit.module.css";

/** How far a live fit has come. A search has no known number of runs. */
export function Progress({ fit }: { fit: Fit }) {
  const total = fit.sweeps ? fit.wantedSizes.length * fit.repeat * fit.inputs.length : null;
  const done = fit.runs.filter(({ isProof }) => !isProof).length;
  const isProving = fit.live.some(({ isProof }) => isProof);
  return (
    <div className={styles.progress} role="status">
      {total !== null && (
        <span className={styles.progressTrack} aria-hidden>
          <span style={{ width: `${Math.min(100, (done / total) * 100)}%` }} />
        </span>
      )}
      <p>
        {total === null ? `${plural(done, "run")} measured` : `${done} of at most ${plural(total, "run")} measured`}
        {isProving ? `. A fresh run proves ${fit.recommendation?.memoryMbytes ?? ""} MB now` : liveWords(fit)}.{" "}
        <span className={styles.note}>The fit continues if you leave this page.</span>
      </p>
    </div>
  );
}

function liveWords({ live, status }: Fit): string {
  if (status === "STOPPING") return ". The live runs are being aborted";
  const sizes = [...new Set(live.filter(({ isStarted }) => isStarted).map(({ memoryMbytes }) => memoryMbytes))];
  return sizes.length === 0 ? ". The next run is being started" : `. Now running with ${sizes.join(", ")} MB`;
}
