import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, Suspense } from "react";
import { type ActorRecord, actorQuery } from "@/api/actors";
import { isNotFound, messageOf } from "@/api/errors";
import { type TaskRecord, taskQuery } from "@/api/tasks";
import { NotFoundPage } from "@/pages/NotFoundPage";
import { QueryError } from "@/ui/ErrorNote";
import { lazily } from "@/ui/lazily";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { TabBar, tabId } from "@/ui/TabBar";
import { TaskRunsTab } from "./TaskRunsTab";
import { TaskSettings } from "./TaskSettings";
import styles from "./Tasks.module.css";

const StartForm = lazily(async () => (await import("@/start/StartForm")).StartForm);
const StandbyTab = lazily(async () => (await import("@/standby/StandbyTab")).StandbyTab);

const TABS = [
  ["start", "Start"],
  ["runs", "Runs"],
  ["standby", "Standby"],
  ["settings", "Settings"],
] as const;

type TabId = (typeof TABS)[number][0];

/** A task: the Start form with its stored input and options, its runs, and its settings. */
export function TaskPage() {
  const { taskId = "", tab } = useParams({ strict: false });
  const { data: task, error, refetch } = useQuery(taskQuery(taskId));
  const actor = useQuery({ ...actorQuery(task?.actId ?? ""), enabled: task !== undefined });
  if (isNotFound(error)) return <NotFoundPage message={messageOf(error)} />;
  if (error && !task) return <QueryError error={error} refetch={refetch} />;
  if (actor.isError && !actor.data) return <QueryError error={actor.error} refetch={actor.refetch} />;
  if (!task || !actor.data) return <Skeleton lines={8} height={28} />;
  return <LoadedTaskPage task={task} actor={actor.data} tab={TABS.find(([id]) => id === tab)?.[0] ?? "start"} />;
}

function LoadedTaskPage({ task, actor, tab }: { task: TaskRecord; actor: ActorRecord; tab: TabId }) {
  const navigate = useNavigate();
  const note = (
    <span>
      Task of{" "}
      <Link to="/actors/$actorId" params={{ actorId: actor.id }}>
        {actor.name}
      </Link>
    </span>
  );
  return (
    <Page
      title={task.name}
      crumbs={[{ label: "Tasks", href: "/actors/tasks" }, { label: task.name }]}
      id={task.id}
      note={note}
    >
      <TabBar
        label={`Parts of ${task.name}`}
        tabs={TABS.map(([id, label]) => ({
          id,
          label,
          href: id === "start" ? `/actors/tasks/${task.id}` : `/actors/tasks/${task.id}/${id}`,
          count: id === "runs" ? task.stats?.totalRuns : undefined,
        }))}
        current={tab}
        onSelect={({ href }) => void navigate({ href })}
      />
      <div role="tabpanel" aria-labelledby={tabId(tab)} className={styles.panel} data-tab={tab}>
        <Suspense fallback={<Skeleton lines={6} height={32} />}>{contentOf(task, actor, tab)}</Suspense>
      </div>
    </Page>
  );
}

function contentOf(task: TaskRecord, actor: ActorRecord, tab: TabId): ReactNode {
  switch (tab) {
    case "start":
      return <StartForm key={task.id} actor={actor} task={task} />;
    case "runs":
      return <TaskRunsTab task={task} />;
    case "standby":
      return <StandbyTab actor={actor} task={task} />;
    case "settings":
      return <TaskSettings task={task} />;
  }
}
