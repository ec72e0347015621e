import { useQuery } from "@tanstack/react-query";
import { tasksQuery } from "@/api/tasks";
import { plural } from "@/format/numbers";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Page, Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { useListSearch } from "@/ui/useListSearch";
import { TasksTable, textOfTask } from "./TasksTable";

const CREATE = `apify api POST actor-tasks -d '{"actId": "username~name", "name": "my-task", "input": {}}'`;

export function TasksPage() {
  const { data, error, isPending, refetch } = useQuery(tasksQuery);
  const { q, found, onSearch } = useListSearch(data?.items, textOfTask);
  return (
    <Page title="Tasks" note={data && plural(data.total, "task")}>
      <Toolbar>
        <SearchField value={q} label="Search the tasks" placeholder="Name or Actor" onChange={onSearch} />
      </Toolbar>
      {error && <QueryError error={error} refetch={refetch} />}
      {isPending && <Skeleton lines={5} height={24} />}
      {data?.items.length === 0 && (
        <Empty command={CREATE}>A task stores an input to use again. Save one from the Start form of an Actor.</Empty>
      )}
      {data && data.items.length > 0 && found.length === 0 && <Empty>No task or Actor is named “{q}”.</Empty>}
      {found.length > 0 && <TasksTable tasks={found} />}
    </Page>
  );
}
