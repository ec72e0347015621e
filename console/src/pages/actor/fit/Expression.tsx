import type { Fit } from "@/api/fits";
import { plural } from "@/format/numbers";
import { CommandLine } from "@/ui/CommandLine";
import { type Column, Table } from "@/ui/Table";
import styles from "./Fit.module.css";

type Found = NonNullable<Fit["expression"]>;
type Line = Found["predictions"][number] & { label: string };

const COLUMNS: Column<Line>[] = [
  { id: "input", header: "Input", grows: true, cell: ({ label }) => label },
  { id: "value", header: "Value", isNumber: true, cell: ({ value }) => String(value) },
  { id: "needs", header: "Needs", isNumber: true, cell: ({ neededMbytes }) => `${neededMbytes} MB` },
  { id: "gets", header: "Gets", isNumber: true, cell: ({ givenMbytes }) => `${givenMbytes} MB` },
  {
    id: "unseen",
    header: "Unseen",
    isNumber: true,
    hideBelow: "narrow",
    cell: ({ unseenMbytes }) => (unseenMbytes === null ? "–" : `${unseenMbytes} MB`),
  },
  { id: "result", header: "Result", cell: (line) => resultOf(line) },
];

function resultOf({ isMiss, isUnseenMiss }: Line): string {
  if (isMiss) return "Too little";
  return isUnseenMiss ? "Too little if unseen" : "Fits";
}

/** The default memory as an expression over the input, for inputs whose needs differ. */
export function Expression({ expression, inputs }: { expression: Found; inputs: string[] }) {
  const lines = expression.predictions.map((each, index) => ({ ...each, label: inputs[index] || `#${index + 1}` }));
  const missed = lines.filter(({ isMiss }) => isMiss).length;
  const unseen = lines.filter(({ isUnseenMiss }) => isUnseenMiss).length;
  return (
    <section className={styles.expression} aria-labelledby="expression-title">
      <h2 id="expression-title">Memory from the input</h2>
      <p className={styles.note}>
        The memory that an input needs depends on {expression.feature}. This expression for defaultMemoryMbytes gives
        too little memory to {missed} of {plural(lines.length, "input")}. If each input is left out in turn when the
        expression is derived, it gives too little to {unseen}.
      </p>
      <CommandLine command={expression.defaultMemoryMbytes} />
      <Table label="Inputs" columns={COLUMNS} rows={lines} rowId={({ label, value }) => `${label} ${value}`} />
    </section>
  );
}
