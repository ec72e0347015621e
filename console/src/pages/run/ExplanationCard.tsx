import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleMinus, ClockAlert, Info, OctagonAlert } from "lucide-react";
import type { ReactNode } from "react";
import { type Explanation, explanationQuery, type Run } from "@/api/run";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { isLive } from "@/ui/StatusPill";
import styles from "./ExplanationCard.module.css";
import { EvidenceRow, hasEvidence, LikelyCauseRow, StoredRow } from "./ExplanationRows";
import { FitLink } from "./FitLink";
import { NextSteps } from "./NextSteps";
import { useBottleneck } from "./useBottleneck";

/** Why a run ended, with the evidence and what to do next; one quiet line if nothing went wrong. */
export function ExplanationCard({ run }: { run: Run }) {
  const { data: explanation, error, refetch } = useQuery(explanationQuery(run.id));
  if (!explanation) {
    return (
      <div className={styles.place}>
        {error ? <QueryError error={error} refetch={refetch} /> : <Skeleton lines={2} height={18} />}
      </div>
    );
  }
  const isQuiet = run.status === "SUCCEEDED" || isLive(run.status);
  return (
    <div className={styles.place}>
      {isQuiet ? <QuietLine run={run} explanation={explanation} /> : <Card run={run} explanation={explanation} />}
    </div>
  );
}

type Props = { run: Run; explanation: Explanation };

function QuietLine({ run, explanation }: Props) {
  const bottleneck = useBottleneck(run);
  const live = isLive(run.status);
  const title = run.statusMessage || (live ? explanation.summary : "The Actor ended.");
  const details = live
    ? [run.statusMessage ? explanation.summary : ""]
    : [`Exit code ${run.exitCode ?? 0}.`, bottleneck ?? ""];
  return (
    <section className={styles.quiet} aria-label="Explanation">
      {live ? <Info aria-hidden /> : <CircleCheck aria-hidden />}
      <strong>{sentence(title)}</strong>
      <span className={styles.details}>{details.filter(Boolean).join(" ")}</span>
      {!live && <FitLink run={run} />}
    </section>
  );
}

const TONES: Record<string, [tone: string, icon: ReactNode]> = {
  FAILED: ["failed", <OctagonAlert key="failed" aria-hidden />],
  "TIMED-OUT": ["timedOut", <ClockAlert key="timed-out" aria-hidden />],
  ABORTED: ["aborted", <CircleMinus key="aborted" aria-hidden />],
};

function Card({ run, explanation }: Props) {
  const [tone, icon] = TONES[run.status] ?? ["failed", <OctagonAlert key="other" aria-hidden />];
  return (
    <section className={styles.card} data-tone={tone} aria-label="Explanation">
      <div className={styles.answer}>
        <div className={styles.icon}>{icon}</div>
        <h2>{headlineOf(run, explanation)}</h2>
        <dl className={styles.rows}>
          <EvidenceRow run={run} explanation={explanation} />
          <LikelyCauseRow run={run} explanation={explanation} />
          <StoredRow run={run} />
        </dl>
      </div>
      <NextSteps run={run} explanation={explanation} />
    </section>
  );
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** The strongest cause, without its period. */
function headlineOf(run: Run, explanation: Explanation): string {
  if (hasEvidence(explanation)) return explanation.summary.replace(/\.$/, "");
  const known = run.exitCode == null ? "the status of the run" : `exit code ${run.exitCode}`;
  return `Greenroom found no evidence beyond ${known}`;
}
