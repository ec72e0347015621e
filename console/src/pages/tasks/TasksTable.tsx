import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type LastRun, taskRunsQuery } from "@/api/jobs";
import { type ScheduleShort, schedulesQuery } from "@/api/schedules";
import type { TaskInList } from "@/api/tasks";
import { count, MISSING, plural } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { LastRunCell } from "@/links/LastRunCell";
import { StatusPill } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";
import styles from "./Tasks.module.css";

/** Which schedules start which task, by the task's id. */
function byTask({ items }: { items: readonly ScheduleShort[] }): Record<string, string[]> {
  const pairs = items.flatMap(({ name, actions }) =>
    actions.flatMap((action) => ("actorTaskId" in action ? [[action.actorTaskId, name] as const] : [])),
  );
  return Object.fromEntries(
    pairs.map(([task]) => [task, pairs.filter(([each]) => each === task).map(([, name]) => name)]),
  );
}

/** What a search finds a task by. */
export function textOfTask({ name, actName }: TaskInList): string {
  return `${name} ${actName ?? ""}`;
}

export function TasksTable({ tasks }: { tasks: readonly TaskInList[] }) {
  const navigate = useNavigate();
  const schedules = useQuery({ ...schedulesQuery, select: byTask }).data;
  const runs = useQuery(taskRunsQuery).data;
  const columns: Column<TaskInList>[] = [
    { id: "name", header: "Name", cell: (task) => <b className={styles.name}>{task.name}</b> },
    { id: "actor", header: "Actor", grows: true, cell: (task) => <ActorLink task={task} /> },
    { id: "lastRun", header: "Last run", cell: (task) => <LastRunCell run={runs?.get(task.id)} /> },
    {
      id: "schedule",
      header: "Schedule",
      hideBelow: "narrow",
      cell: (task) => schedules?.[task.id]?.join(", ") ?? MISSING,
    },
    { id: "runs", header: "Runs", isNumber: true, cell: (task) => count(task.stats?.totalRuns) },
    { id: "modified", header: "Modified", isNumber: true, cell: (task) => shortTime(String(task.modifiedAt)) },
  ];
  return (
    <Table
      label="Tasks"
      columns={columns}
      rows={[...tasks]}
      rowId={(task) => task.id}
      rowLabel={(task) => task.name}
      rowHref={(task) => `/actors/tasks/${task.id}`}
      onOpen={(task) => void navigate({ to: "/actors/tasks/$taskId", params: { taskId: task.id } })}
      compact={(task) => (
        <span className={styles.compact}>
          <span className={styles.head}>
            <b className={styles.name}>{task.name}</b>
            <LastRunStatus run={runs?.get(task.id)} />
          </span>
          <span className={styles.note}>
            {task.actName ?? MISSING}, {plural(task.stats?.totalRuns ?? 0, "run")}
          </span>
        </span>
      )}
    />
  );
}

function LastRunStatus({ run }: { run: LastRun | undefined }) {
  return run ? <StatusPill status={run.status} small /> : null;
}

function ActorLink({ task }: { task: TaskInList }) {
  return (
    <Link to="/actors/$actorId" params={{ actorId: task.actId }}>
      {task.actName ?? task.actId}
    </Link>
  );
}
