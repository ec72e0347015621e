import type { components } from "@/api/local";
import { count, MISSING, usd } from "@/format/numbers";
import { duration, shortTime } from "@/format/times";
import { MemoryBar } from "@/ui/MemoryBar";
import { StatusPill } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";

export type RunInTable = components["schemas"]["RunSummary"];

const COLUMNS: Column<RunInTable>[] = [
  { id: "status", header: "Status", cell: (run) => <StatusPill status={run.status} small /> },
  { id: "build", header: "Build", hideBelow: "narrow", cell: (run) => run.buildNumber },
  { id: "message", header: "Message", grows: true, cell: (run) => run.statusMessage || MISSING },
  { id: "started", header: "Started", isNumber: true, cell: (run) => shortTime(run.startedAt) },
  { id: "duration", header: "Duration", isNumber: true, cell: (run) => duration(run.durationMillis) },
  {
    id: "memory",
    header: "Memory peak / limit, MB",
    hideBelow: "narrow",
    cell: (run) => (
      <MemoryBar peakBytes={run.memMaxBytes} limitMbytes={run.memoryMbytes} isAtLimit={run.memAtLimit ?? false} />
    ),
  },
  { id: "items", header: "Items", isNumber: true, hideBelow: "wide", cell: (run) => count(run.items) },
  { id: "cost", header: "Est. cost", isNumber: true, hideBelow: "wide", cell: (run) => usd(run.usageTotalUsd) },
];

type Props = { runs: readonly RunInTable[]; onOpen: (run: RunInTable) => void };

/** The runs of one Actor or task, newest first. */
export function RunsTable({ runs, onOpen }: Props) {
  return (
    <Table
      label="Runs"
      columns={COLUMNS}
      rows={[...runs]}
      rowId={(run) => run.id}
      rowLabel={(run) => `Run of ${shortTime(run.startedAt)}`}
      rowHref={(run) => `/actors/${run.actorId}/runs/${run.id}`}
      onOpen={onOpen}
      compact={(run) => (
        <span>
          <StatusPill status={run.status} small /> {shortTime(run.startedAt)} · {duration(run.durationMillis)}
          <br />
          {run.statusMessage ?? MISSING}
        </span>
      )}
    />
  );
}
