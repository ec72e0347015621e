import { useQuery } from "@tanstack/react-query";
import type { ActorRecord } from "@/api/actors";
import { tasksQuery } from "@/api/tasks";
import { TasksTable, textOfTask } from "@/pages/tasks/TasksTable";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { useListSearch } from "@/ui/useListSearch";
import { TabList } from "./TabList";

/** The tasks that store inputs of this Actor. */
export default function TasksTab({ actor }: { actor: ActorRecord }) {
  const { data, error, refetch } = useQuery(tasksQuery);
  const tasks = data?.items.filter(({ actId }) => actId === actor.id);
  const { q, found, onSearch } = useListSearch(tasks, textOfTask);
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (tasks === undefined) return <Skeleton lines={4} height={24} />;
  if (tasks.length === 0) {
    return <Empty>A task stores an input to use again. Fill the form of Start, then choose “Save as a task”.</Empty>;
  }
  return (
    <TabList>
      <Toolbar>
        <SearchField value={q} label="Search the tasks" placeholder="Name" onChange={onSearch} />
      </Toolbar>
      {found.length === 0 ? (
        <Empty>
          No task of {actor.name} is named “{q}”.
        </Empty>
      ) : (
        <TasksTable tasks={found} />
      )}
    </TabList>
  );
}
