import { useMemo } from "react";
import type { Metrics } from "@/api/run";
import { MISSING } from "@/format/numbers";
import { offset } from "@/format/times";
import { type Column, Table } from "@/ui/Table";
import { chartCurves } from "./curves";
import styles from "./MetricCharts.module.css";

type Row = { at: number; values: Record<string, number | null | undefined> };

const COLUMNS = {
  memory: "Memory, MB",
  cache: "Page cache, MB",
  limit: "Limit, MB",
  cpu: "CPU, % of grant",
  throttled: "Throttled, %",
  received: "In, kB/s",
  sent: "Out, kB/s",
} as const;

/** The numbers of the charts as a table. */
export function MetricsTable({ metrics }: { metrics: Metrics }) {
  const rows = useMemo(() => rowsOf(metrics), [metrics]);
  const columns: Column<Row>[] = [
    { id: "at", header: "Time", cell: (row) => offset(row.at - metrics.startedAt) },
    ...Object.entries(COLUMNS).map(([id, header]) => ({
      id,
      header,
      isNumber: true,
      cell: (row: Row) => row.values[id]?.toFixed(1) ?? MISSING,
    })),
  ];
  return (
    <div className={styles.table}>
      <Table label="Measurements of the run" columns={columns} rows={rows} rowId={(row) => String(row.at)} />
    </div>
  );
}

function rowsOf(metrics: Metrics): Row[] {
  const curves = chartCurves(metrics);
  return curves.at
    .map((at, row) => ({
      at,
      values: Object.fromEntries(Object.keys(COLUMNS).map((name) => [name, curves[name as keyof typeof COLUMNS][row]])),
    }))
    .filter((row) => Object.values(row.values).some((value) => value !== null));
}
