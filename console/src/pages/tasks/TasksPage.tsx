import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { tasksQuery } from "@/api/tasks";
import { plural } from "@/format/numbers";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Page, Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { TasksTable } from "./TasksTable";

const CREATE = `apify api POST actor-tasks -d '{"actId": "username~name", "name": "my-task", "input": {}}'`;

export function TasksPage() {
  const { data, error, isPending, refetch } = useQuery(tasksQuery);
  const search = useSearch({ strict: false }) as { q?: string };
  const navigate = useNavigate();
  const q = search.q === undefined ? "" : String(search.q);
  const words = q.trim().toLowerCase();
  const tasks = (data?.items ?? []).filter((task) =>
    `${task.name} ${task.actName ?? ""}`.toLowerCase().includes(words),
  );
  const setQ = (text: string) =>
    void navigate({ to: "/actors/tasks", search: text === "" ? {} : { q: text }, replace: true });
  return (
    <Page title="Tasks" note={data && plural(data.total, "task")}>
      <Toolbar>
        <SearchField value={q} label="Search the tasks" placeholder="Name or Actor" onChange={setQ} />
      </Toolbar>
      {error && <QueryError error={error} refetch={refetch} />}
      {isPending && <Skeleton lines={5} height={24} />}
      {data?.items.length === 0 && (
        <Empty command={CREATE}>A task stores an input to use again. Save one from the Start form of an Actor.</Empty>
      )}
      {data && data.items.length > 0 && tasks.length === 0 && <Empty>No task or Actor is named “{q}”.</Empty>}
      {tasks.length > 0 && <TasksTable tasks={tasks} />}
    </Page>
  );
}
