import { useQuery } from "@tanstack/react-query";
import type { ActorRecord } from "@/api/actors";
import { tasksQuery } from "@/api/tasks";
import { TasksTable } from "@/pages/tasks/TasksTable";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";

/** The tasks that store inputs of this Actor. */
export default function TasksTab({ actor }: { actor: ActorRecord }) {
  const { data, error, isPending, refetch } = useQuery(tasksQuery);
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (isPending) return <Skeleton lines={4} height={24} />;
  const tasks = data.items.filter(({ actId }) => actId === actor.id);
  if (tasks.length === 0) {
    return <Empty>A task stores an input to use again. Fill the form of Start, then choose “Save as a task”.</Empty>;
  }
  return <TasksTable tasks={tasks} />;
}
