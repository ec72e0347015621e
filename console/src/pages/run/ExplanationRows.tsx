import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Explanation, metricsQuery, type Run, reportQuery } from "@/api/run";
import { storageQuery } from "@/api/storageRecords";
import { plural } from "@/format/numbers";
import { offset } from "@/format/times";
import { lastLineQuery } from "@/log/search";
import styles from "./ExplanationCard.module.css";
import { chartCurves } from "./metrics/curves";
import { riseOf } from "./rise";

type Props = { run: Run; explanation: Explanation };

/** Whether a cause is known. Circumstances are none. */
export function hasEvidence({ causes: [first] }: Explanation): boolean {
  return first !== undefined && first.certainty !== "circumstance";
}

/** What proves or suggests the cause. Without any, the last error or else the last line of the log is shown. */
export function EvidenceRow({ run, explanation }: Props) {
  const [first] = explanation.causes;
  if (first === undefined || !hasEvidence(explanation)) return <LastWords run={run} explanation={explanation} />;
  return (
    <Row label="Evidence" isProof>
      {first.evidence.map(({ source, text }) => (
        <span key={`${source} ${text}`} className={styles.evidence}>
          {source === "log" ? (
            <>
              <code>{text}</code>{" "}
              <LogLink run={run} text={text} levels={[]}>
                log line
              </LogLink>
            </>
          ) : (
            <>
              {source}: {text}
            </>
          )}
        </span>
      ))}
    </Row>
  );
}

function LastWords({ run, explanation }: Props) {
  const { data: error } = useQuery(lastLineQuery(run.id, "", ["ERROR"]));
  const lastLine = explanation.lastLines.at(-1);
  if (error != null) {
    return (
      <Row label="Last error" isProof>
        <LogLink run={run} text="" levels={["ERROR"]}>
          log line
        </LogLink>
      </Row>
    );
  }
  if (lastLine === undefined)
    return (
      <Row label="Last line" isProof>
        The log is empty.
      </Row>
    );
  return (
    <Row label="Last line" isProof>
      <code>{lastLine}</code>{" "}
      <LogLink run={run} text={lastLine} levels={[]}>
        log line
      </LogLink>
    </Row>
  );
}

/** What else is known that may have led to the end, and how the memory rose before it. */
export function LikelyCauseRow({ run, explanation }: Props) {
  const others = explanation.causes.slice(1).map((cause) => cause.sentence);
  const isMemory = explanation.causes.some(({ id }) => id.startsWith("memory-limit"));
  const advice = explanation.causes[0]?.advice;
  return (
    <>
      {(isMemory || others.length > 0) && (
        <Row label="Likely cause">
          {isMemory && <MemoryRise run={run} />}
          {others.join(" ")}
        </Row>
      )}
      {advice && !isMemory && <Row label="Advice">{advice}</Row>}
    </>
  );
}

function MemoryRise({ run }: { run: Run }) {
  const { data: metrics } = useQuery(metricsQuery(run.id));
  if (!metrics) return null;
  const { at, memory } = chartCurves(metrics);
  const rise = riseOf(at, memory, run.options.memoryMbytes ?? 0);
  if (rise === null) return <>The memory rose within seconds. </>;
  const secs = Math.round((rise.from - metrics.startedAt) / 1000);
  return (
    <>
      Memory rose {rise.perSec.toFixed(1)} MB per second from{" "}
      <Link to="." search={(before) => ({ ...before, at: secs, line: undefined })} hash="log" className={styles.link}>
        {offset(rise.from - metrics.startedAt)}
      </Link>
      .{" "}
    </>
  );
}

/** What a run that ended has stored, from where a resurrected one continues. */
export function StoredRow({ run }: { run: Run }) {
  const { data: report } = useQuery(reportQuery(run.id));
  const { data: queue } = useQuery(storageQuery("request-queue", run.defaultRequestQueueId));
  if (!report) return null;
  const parts = [
    report.items.value === null ? [] : [plural(report.items.value, "item")],
    queue?.totalRequestCount ? [plural(queue.pendingRequestCount ?? 0, "pending request")] : [],
  ].flat();
  return (
    <Row label="Stored">
      {parts.length > 0 ? `${parts.join(", ")}. ` : ""}A resurrected run continues with its storages.
    </Row>
  );
}

type LogLinkProps = { run: Run; text: string; levels: ("ERROR" | "WARN")[]; children: ReactNode };

/** A link to the last line of the log with a text or level. Nothing without such a line. */
function LogLink({ run, text, levels, children }: LogLinkProps) {
  const { data: number } = useQuery(lastLineQuery(run.id, text, levels));
  if (number == null) return null;
  return (
    <Link
      to="."
      search={(before) => ({ ...before, line: number + 1, at: undefined })}
      hash="log"
      className={styles.link}
    >
      {children} {number + 1}
    </Link>
  );
}

function Row({ label, isProof = false, children }: { label: string; isProof?: boolean; children: ReactNode }) {
  return (
    <div className={isProof ? styles.proof : undefined}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
