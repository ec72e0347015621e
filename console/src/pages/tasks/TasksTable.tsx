import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { dataOf, platform } from "@/api/client";
import type { TaskInList } from "@/api/tasks";
import { count, MISSING, plural } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { type Column, Table } from "@/ui/Table";
import styles from "./Tasks.module.css";

const MANY = 1000;

/** Which schedules start which task, by the task's id. */
const schedulesQuery = {
  queryKey: ["schedule", "list", "of-tasks"],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Record<string, string[]>> => {
    const { items } = await dataOf(platform.GET("/v2/schedules", { params: { query: { limit: MANY } }, signal }));
    const pairs = items.flatMap(({ name, actions }) =>
      actions.flatMap((action) => ("actorTaskId" in action ? [[action.actorTaskId, name] as const] : [])),
    );
    return Object.fromEntries(
      pairs.map(([task]) => [task, pairs.filter(([each]) => each === task).map(([, name]) => name)]),
    );
  },
};

export function TasksTable({ tasks }: { tasks: readonly TaskInList[] }) {
  const navigate = useNavigate();
  const schedules = useQuery(schedulesQuery).data;
  const columns: Column<TaskInList>[] = [
    { id: "name", header: "Name", cell: (task) => <b className={styles.name}>{task.name}</b> },
    { id: "actor", header: "Actor", grows: true, cell: (task) => <ActorLink task={task} /> },
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
      hasKeys
      columns={columns}
      rows={[...tasks]}
      rowId={(task) => task.id}
      rowLabel={(task) => task.name}
      rowHref={(task) => `/actors/tasks/${task.id}`}
      onOpen={(task) => void navigate({ to: "/actors/tasks/$taskId", params: { taskId: task.id } })}
      compact={(task) => (
        <span className={styles.compact}>
          <b className={styles.name}>{task.name}</b>
          <span className={styles.note}>
            {task.actName ?? MISSING}, {plural(task.stats?.totalRuns ?? 0, "run")}
          </span>
        </span>
      )}
    />
  );
}

function ActorLink({ task }: { task: TaskInList }) {
  return (
    <Link to="/actors/$actorId" params={{ actorId: task.actId }}>
      {task.actName ?? task.actId}
    </Link>
  );
}
