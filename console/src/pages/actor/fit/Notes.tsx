import type { ReactNode } from "react";
import type { Fit } from "@/api/fits";
import { RunLink } from "@/links/RecordLink";
import styles from "./Fit.module.css";

/** What limits the value of the measurements. */
export function Notes({ fit }: { fit: Fit }) {
  return (
    <ul className={styles.notes}>
      {fit.isBudgetSpent && <li>The budget was spent, so no further run was started.</li>}
      {fit.notes.map((note) => (
        <li key={note}>
          <TextWithRuns text={note} fit={fit} />
        </li>
      ))}
      {fit.runs.length > 0 && (
        <li>
          Time, peak and throttling are measured on this machine. Cost is estimated: the platform’s processors differ.
        </li>
      )}
    </ul>
  );
}

/** A text of the server: commands in backticks as code, and runs that still exist as links. */
export function TextWithRuns({ text, fit }: { text: string; fit: Fit }): ReactNode {
  const stored = new Set(fit.runs.filter(({ isStored }) => isStored).map(({ runId }) => runId));
  return text.split(/(`[^`]+`|\b\w{17}\b)/).map((part, index) => {
    const key = `${index}-${part}`;
    if (part.startsWith("`")) return <code key={key}>{part.slice(1, -1)}</code>;
    return stored.has(part) ? <RunLink key={key} id={part} /> : part;
  });
}
