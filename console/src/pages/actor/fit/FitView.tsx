import { useState } from "react";
import type { ActorRecord } from "@/api/actors";
import { type Fit, type FitSummary, isLiveFit } from "@/api/fits";
import { ErrorNote } from "@/ui/ErrorNote";
import { Segmented } from "@/ui/Segmented";
import { Charts } from "./Charts";
import { Expression } from "./Expression";
import styles from "./Fit.module.css";
import { FitHead } from "./FitHead";
import { FitTable } from "./FitTable";
import { Notes, TextWithRuns } from "./Notes";
import { Progress } from "./Progress";
import { RecommendationCard } from "./RecommendationCard";
import { rowsOf } from "./rows";

/** A fit while it is live, and its result. */
export function FitView({ actor, fit, fits }: { actor: ActorRecord; fit: Fit; fits: FitSummary[] }) {
  const [input, setInput] = useState(0);
  const rows = rowsOf(fit, input);
  return (
    <div className={styles.fit}>
      <FitHead actor={actor} fit={fit} fits={fits} />
      {fit.error && <ErrorNote title={fit.error.message} />}
      {isLiveFit(fit) ? <Progress fit={fit} /> : <Outcome actor={actor} fit={fit} />}
      {fit.inputs.length > 1 && (
        <Segmented
          label="Input"
          value={String(input)}
          segments={fit.inputs.map((label, index) => ({ value: String(index), label: label || `#${index + 1}` }))}
          onChange={(value) => setInput(Number(value))}
        />
      )}
      {rows.some(({ size, live }) => size !== null || live.length > 0) && <Charts rows={rows} fit={fit} />}
      {rows.length > 0 && <FitTable rows={rows} fit={fit} />}
      {fit.expression && <Expression expression={fit.expression} inputs={fit.inputs} />}
      <Notes fit={fit} />
    </div>
  );
}

function Outcome({ actor, fit }: { actor: ActorRecord; fit: Fit }) {
  if (fit.recommendation) return <RecommendationCard actor={actor} fit={fit} found={fit.recommendation} />;
  if (fit.error) return null;
  return (
    <div className={styles.nothing} role="status">
      <h2>No size is recommended</h2>
      <p>
        <TextWithRuns text={fit.advice ?? reasonOf(fit)} fit={fit} />
      </p>
    </div>
  );
}

function reasonOf({ status, isBudgetSpent }: Fit): string {
  if (isBudgetSpent) return "The budget was spent before a size was found that fits. Run it again with a larger one.";
  if (status === "STOPPED") return "The fit was stopped before a size was found that fits.";
  return "No measured size fits.";
}
