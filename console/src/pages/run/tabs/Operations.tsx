import type { components } from "@/api/local";
import { bytes, count } from "@/format/numbers";
import { type Column, Table } from "@/ui/Table";
import styles from "./Tabs.module.css";

type Operation = components["schemas"]["ApiOperation"];

/** All calls summed by their operation, which shows what a run does most. */
export function Operations({ operations }: { operations: readonly Operation[] }) {
  return (
    <details className={styles.operations}>
      <summary>By operation, {count(operations.length)}</summary>
      <Table
        label="API operations"
        columns={COLUMNS}
        rows={[...operations]}
        rowId={({ operation }) => operation}
        compact={({ operation, calls }) => (
          <span className={styles.compact}>
            <code className={styles.line}>{operation}</code>
            <span className={styles.quiet}>{count(calls)} calls</span>
          </span>
        )}
      />
    </details>
  );
}

const COLUMNS: Column<Operation>[] = [
  { id: "operation", header: "Operation", grows: true, cell: ({ operation }) => <code>{operation}</code> },
  { id: "calls", header: "Calls", width: 88, isNumber: true, cell: ({ calls }) => count(calls) },
  {
    id: "errors",
    header: "Errors",
    width: 88,
    isNumber: true,
    cell: ({ errors }) => <span className={errors > 0 ? styles.bad : undefined}>{count(errors)}</span>,
  },
  {
    id: "millis",
    header: "ms, mean",
    width: 96,
    isNumber: true,
    cell: ({ millis, calls }) => (millis / calls).toFixed(1),
  },
  { id: "sent", header: "Sent", width: 96, isNumber: true, cell: ({ requestBytes }) => bytes(requestBytes) },
  { id: "received", header: "Received", width: 112, isNumber: true, cell: ({ responseBytes }) => bytes(responseBytes) },
];
