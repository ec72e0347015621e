import type { StandbyRun, StandbyTarget } from "@/api/standby";
import { count, MISSING } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { RunLink } from "@/links/RecordLink";
import { TwoLines } from "@/pages/server/TwoLines";
import { Bar } from "@/ui/MemoryBar";
import { StatusPill } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";
import styles from "./Standby.module.css";
import { nameOf, rate, runStateOf, stopsAt } from "./state";

/** The live runs of an Actor or task, the oldest first. */
export function StandbyRuns({ target }: { target: StandbyTarget }) {
  if (target.runs.length === 0) {
    return (
      <div className={styles.padded}>
        <p className={styles.quiet}>No run is live. The next request starts one.</p>
      </div>
    );
  }
  return (
    <Table
      label={`Live runs of ${nameOf(target)}`}
      columns={columnsOf(target)}
      rows={target.runs}
      rowId={(run) => run.id}
      compact={(run) => (
        <TwoLines first={<RunId run={run} />} last={<RunState run={run} />}>
          {openOf(run, target)} open, {rate(run.requestsPerSec)} a second, {count(run.requests)} in all
          <StopNote run={run} target={target} />
        </TwoLines>
      )}
    />
  );
}

function columnsOf(target: StandbyTarget): Column<StandbyRun>[] {
  return [
    { id: "run", header: "Run", grows: true, cell: (run) => <RunId run={run} /> },
    { id: "state", header: "State", width: 140, cell: (run) => <RunState run={run} /> },
    { id: "build", header: "Build", width: 90, hideBelow: "narrow", cell: (run) => run.buildNumber ?? MISSING },
    { id: "started", header: "Started", width: 110, hideBelow: "wide", cell: (run) => shortTime(run.startedAt) },
    { id: "open", header: "Open / maximum", width: 160, cell: (run) => <Load run={run} target={target} /> },
    {
      id: "rate",
      header: "A second",
      width: 90,
      isNumber: true,
      hideBelow: "narrow",
      cell: (run) => rate(run.requestsPerSec),
    },
    { id: "requests", header: "Requests", width: 100, isNumber: true, cell: (run) => count(run.requests) },
    { id: "stops", header: "Idle until", width: 120, isNumber: true, cell: (run) => shortTime(stopsAt(run, target)) },
  ];
}

/** A link to the run, once the server has stored it. */
function RunId({ run }: { run: StandbyRun }) {
  return run.status === null ? <code>{run.id}</code> : <RunLink id={run.id} />;
}

function RunState({ run }: { run: StandbyRun }) {
  return <StatusPill {...runStateOf(run)} small />;
}

/** The open requests of a run, in amber above the number at which one more run is started. */
function Load({ run, target }: { run: StandbyRun; target: StandbyTarget }) {
  const { desiredRequestsPerActorRun: desired, maxRequestsPerActorRun: most } = target.settings;
  return (
    <span className={styles.load}>
      <Bar share={run.openRequests / most} largeAbove={desired / most} />
      {openOf(run, target)}
    </span>
  );
}

function openOf(run: StandbyRun, { settings }: StandbyTarget): string {
  return `${count(run.openRequests)} / ${count(settings.maxRequestsPerActorRun)}`;
}

function StopNote({ run, target }: { run: StandbyRun; target: StandbyTarget }) {
  const at = stopsAt(run, target);
  return at === null ? null : <>, stops at {shortTime(at)}</>;
}
