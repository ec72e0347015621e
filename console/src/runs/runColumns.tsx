import { clsx } from "clsx";
import type { RunSummary } from "@/api/runs";
import { withoutOwner } from "@/format/names";
import { computeUnits, count, MISSING, usd } from "@/format/numbers";
import { fullTime, shortTime } from "@/format/times";
import { usePendingOrder } from "@/live/orders";
import { LiveDuration } from "@/ui/LiveDuration";
import { MemoryBar } from "@/ui/MemoryBar";
import { isLive, StatusPill } from "@/ui/StatusPill";
import type { Column } from "@/ui/tableTypes";
import { originLabel } from "./origins";
import styles from "./RunList.module.css";

export type RunColumn = Column<RunSummary> & {
  /** Hidden until the user picks it. */
  isOptional?: boolean;
};

export const RUN_COLUMNS: RunColumn[] = [
  { id: "status", header: "Status", cell: (run) => <RunStatus run={run} />, sorts: true, width: 118 },
  { id: "id", header: "Run ID", cell: (run) => <code>{run.id}</code>, isOptional: true, width: 160 },
  {
    id: "actorName",
    header: "Actor and build",
    cell: (run) => <ActorAndBuild run={run} />,
    sorts: true,
    width: 152,
    narrowWidth: 128,
  },
  { id: "message", header: "Message", cell: (run) => <Message run={run} />, grows: true },
  { id: "task", header: "Task", cell: (run) => run.taskId ?? MISSING, isOptional: true, hideBelow: "wide", width: 150 },
  { id: "startedAt", header: "Started", cell: (run) => <Started run={run} />, sorts: true, width: 100 },
  { id: "durationMillis", header: "Duration", cell: LiveDuration, isNumber: true, sorts: true, width: 76 },
  {
    id: "memMaxBytes",
    header: "Memory peak / limit, MB",
    cell: (run) => <Memory run={run} />,
    sorts: true,
    width: 188,
    narrowWidth: 150,
  },
  {
    id: "items",
    header: "Items",
    cell: (run) => count(run.items),
    isNumber: true,
    sorts: true,
    hideBelow: "narrow",
    width: 72,
  },
  {
    id: "cost",
    header: "Est. cost",
    cell: (run) => usd(run.usageTotalUsd),
    isNumber: true,
    hideBelow: "wide",
    width: 80,
  },
  {
    id: "computeUnits",
    header: "CU",
    cell: (run) => computeUnits(run.computeUnits),
    isNumber: true,
    isOptional: true,
    hideBelow: "wide",
    width: 72,
  },
  {
    id: "exitCode",
    header: "Exit code",
    cell: (run) => run.exitCode ?? MISSING,
    isNumber: true,
    isOptional: true,
    hideBelow: "wide",
    width: 80,
  },
  {
    id: "origin",
    header: "Origin",
    cell: (run) => <span className={styles.quiet}>{originLabel(run.origin)}</span>,
    sorts: true,
    hideBelow: "wide",
    width: 80,
  },
];

/** A run in two lines, for a narrow screen. */
export function CompactRun({ run }: { run: RunSummary }) {
  return (
    <div className={styles.compact}>
      <div>
        <RunStatus run={run} />
        <b className={styles.name}>{actorName(run)}</b>
        <LiveDuration {...run} />
      </div>
      <div>
        <Message run={run} />
        <span className={styles.memory}>
          <Memory run={run} />
        </span>
      </div>
    </div>
  );
}

export function actorName({ actorName, actorId }: RunSummary): string {
  return actorName === null ? actorId : withoutOwner(actorName);
}

export function runLabel(run: RunSummary): string {
  return `run ${run.id} of ${actorName(run)}`;
}

function RunStatus({ run }: { run: RunSummary }) {
  const order = usePendingOrder("run", run.id);
  if (order === undefined) return <StatusPill status={run.status} small />;
  return (
    <span className={styles.ordered} title={`Sent: ${order}. The server has not reported the effect yet.`}>
      <StatusPill status={run.status} small />
    </span>
  );
}

function ActorAndBuild({ run }: { run: RunSummary }) {
  return (
    <span title={`${run.actorTitle ?? actorName(run)} ${run.buildNumber}`}>
      <b className={styles.name}>{actorName(run)}</b> <span className={styles.build}>{run.buildNumber}</span>
    </span>
  );
}

function Message({ run }: { run: RunSummary }) {
  const text = run.statusMessage ?? defaultMessage(run);
  return (
    <span className={clsx(styles.message, text === MISSING && styles.quiet)} title={run.statusMessage ?? undefined}>
      {text}
    </span>
  );
}

function defaultMessage({ status, exitCode }: RunSummary): string {
  if (status === "READY") return "Waiting for a container";
  return exitCode === null || isLive(status) ? MISSING : `Exit code ${exitCode}`;
}

function Started({ run }: { run: RunSummary }) {
  return <time title={fullTime(run.startedAt)}>{shortTime(run.startedAt)}</time>;
}

function Memory({ run }: { run: RunSummary }) {
  return <MemoryBar peakBytes={run.memMaxBytes} limitMbytes={run.memoryMbytes} isAtLimit={run.memAtLimit === true} />;
}
