import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { body, local } from "@/api/client";
import type { TaskRecord } from "@/api/tasks";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { RunsTable } from "./RunsTable";

/** The list of runs of an Actor has no filter for tasks, so the tasks' runs are picked from the latest ones. */
const SEARCHED_RUNS = 1000;

export function TaskRunsTab({ task }: { task: TaskRecord }) {
  const navigate = useNavigate();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["run", "counts", "of-task", task.id],
    queryFn: ({ signal }) =>
      body(local.GET("/greenroom/runs", { params: { query: { actor: task.actId, limit: SEARCHED_RUNS } }, signal })),
  });
  if (error) return <QueryError error={error} refetch={refetch} />;
  if (isPending) return <Skeleton lines={6} height={24} />;
  const runs = data.items.filter(({ taskId }) => taskId === task.id);
  if (runs.length === 0) {
    return (
      <Empty command={`apify task run ${task.username}/${task.name}`}>{task.name} has no runs yet. Start one.</Empty>
    );
  }
  return (
    <RunsTable
      runs={runs}
      onOpen={(run) =>
        void navigate({ to: "/actors/tasks/$taskId/runs/$runId", params: { taskId: task.id, runId: run.id } })
      }
    />
  );
}
