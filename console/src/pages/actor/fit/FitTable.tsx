import type { Fit } from "@/api/fits";
import { isLiveFit } from "@/api/fits";
import { percent } from "@/format/numbers";
import { Bar, shareOf } from "@/ui/MemoryBar";
import { StatusPill } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";
import { computeUnitsOf, costOf, peakText, runsText, throttled, timeOf } from "./cells";
import styles from "./Fit.module.css";
import { isAtLimit, peakOf, type Row, resultOf, verdictOf } from "./rows";

/** One row for each size, which fills while the fit is live. */
export function FitTable({ rows, fit }: { rows: Row[]; fit: Fit }) {
  return (
    <div className={styles.table}>
      <Table
        label="Measured sizes"
        columns={columnsOf(rows, fit)}
        rows={rows}
        rowId={({ memoryMbytes }) => String(memoryMbytes)}
        rowState={({ size }) => String(size?.runs ?? 0)}
        compact={(row) => <Compact row={row} rows={rows} fit={fit} />}
      />
    </div>
  );
}

function columnsOf(rows: Row[], fit: Fit): Column<Row>[] {
  return [
    { id: "memory", header: "Memory", cell: (row) => <Memory row={row} /> },
    { id: "result", header: "Result", cell: (row) => <Result row={row} fit={fit} /> },
    { id: "time", header: "Time", isNumber: true, cell: timeOf },
    { id: "peak", header: "Peak", isNumber: true, cell: peakText },
    { id: "limit", header: "Of the limit", cell: (row) => <OfLimit row={row} /> },
    { id: "throttled", header: "Throttled", isNumber: true, hideBelow: "wide", cell: throttled },
    { id: "units", header: "CU", isNumber: true, hideBelow: "wide", cell: computeUnitsOf },
    { id: "cost", header: "Est. cost", isNumber: true, cell: costOf },
    { id: "runs", header: "Runs", cell: runsText },
    {
      id: "verdict",
      header: "Verdict",
      grows: true,
      hideBelow: "narrow",
      cell: (row) => <span title={verdictOf(row, rows, fit)}>{verdictOf(row, rows, fit)}</span>,
    },
  ];
}

function Memory({ row }: { row: Row }) {
  return (
    <span className={styles.memory} data-best={row.isRecommended}>
      {row.memoryMbytes} MB
      {row.isRecommended && <span className="visually-hidden"> (recommended)</span>}
    </span>
  );
}

function Result({ row, fit }: { row: Row; fit: Fit }) {
  const { status, text } = resultOf(row, isLiveFit(fit));
  return <StatusPill status={status} text={text} small />;
}

function OfLimit({ row }: { row: Row }) {
  const share = shareOf(peakOf(row), row.memoryMbytes, isAtLimit(row));
  return (
    <span className={styles.ofLimit}>
      <Bar share={share} isAtLimit={isAtLimit(row)} />
      {percent(share === null ? null : share * 100)}
    </span>
  );
}

function Compact({ row, rows, fit }: { row: Row; rows: Row[]; fit: Fit }) {
  return (
    <span className={styles.compact}>
      <span className={styles.line}>
        <Memory row={row} />
        <Result row={row} fit={fit} />
        <span className={styles.time}>{timeOf(row)}</span>
      </span>
      <span className={styles.line}>
        <OfLimit row={row} />
        <span className={styles.note}>
          {peakText(row)} · {costOf(row)} · runs {runsText(row)}
        </span>
      </span>
      {verdictOf(row, rows, fit) && <span className={styles.note}>{verdictOf(row, rows, fit)}</span>}
    </span>
  );
}
