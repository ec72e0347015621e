import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Hammer, Play } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { type ActorRecord, actorQuery, actorWebhooksQuery, latestBuildOf } from "@/api/actors";
import { isNotFound, messageOf } from "@/api/errors";
import { tasksQuery } from "@/api/tasks";
import { NotFoundPage } from "@/pages/NotFoundPage";
import { Button, buttonClass } from "@/ui/Button";
import { QueryError } from "@/ui/ErrorNote";
import { lazily, patiently } from "@/ui/lazily";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { TabBar, tabId } from "@/ui/TabBar";
import styles from "./ActorPage.module.css";
import { ApprovalDialog } from "./ApprovalDialog";
import { BuildDialog } from "./BuildDialog";
import { type Place, pathOf, placeOf, TABS } from "./tabs";

const StartTab = lazy(() => patiently(() => import("./StartTab")));
const ActorRunsTab = lazy(() => patiently(() => import("./ActorRunsTab")));
const BuildsTab = lazy(() => patiently(() => import("./BuildsTab")));
const BuildView = lazy(() => patiently(() => import("./BuildView")));
const FitTab = lazy(() => patiently(() => import("./FitTab")));
const StandbyTab = lazily(async () => (await import("@/standby/StandbyTab")).StandbyTab);
const SourceTab = lazy(() => patiently(() => import("./SourceTab")));
const TasksTab = lazy(() => patiently(() => import("./TasksTab")));
const WebhooksTab = lazy(() => patiently(() => import("./WebhooksTab")));
const SettingsTab = lazy(() => patiently(() => import("./SettingsTab")));

/** An Actor: start it, and see its runs, builds, source and settings. */
export function ActorPage() {
  const { actorId = "", tab, item } = useParams({ strict: false });
  const { hash } = useLocation();
  const { data: actor, error, refetch } = useQuery(actorQuery(actorId));
  if (isNotFound(error)) return <NotFoundPage message={messageOf(error)} command="greenroom actors" />;
  if (error && !actor) return <QueryError error={error} refetch={refetch} />;
  if (!actor) return <Skeleton lines={8} height={28} />;
  return <LoadedActorPage actor={actor} place={placeOf(tab, item, hash)} />;
}

function LoadedActorPage({ actor, place }: { actor: ActorRecord; place: Place }) {
  const [isBuilding, setBuilding] = useState(false);
  const { approvePermissions } = useSearch({ strict: false }) as { approvePermissions?: unknown };
  const latest = latestBuildOf(actor);
  const actions = (
    <>
      <Button icon={<Hammer aria-hidden />} onClick={() => setBuilding(true)}>
        Build
      </Button>
      {place.tab !== "start" && (
        <Link to="/actors/$actorId" params={{ actorId: actor.id }} className={buttonClass()}>
          <Play aria-hidden />
          Start
        </Link>
      )}
    </>
  );
  const note = (
    <>
      {latest && (
        <span className={styles.build}>
          {latest.number} {latest.tag}
        </span>
      )}
      {actor.description && <span>{actor.description}</span>}
    </>
  );
  return (
    <Page
      title={actor.name}
      crumbs={[{ label: "Actors", href: "/actors" }, { label: actor.name }]}
      id={actor.id}
      note={note}
      actions={actions}
    >
      <ActorTabs actor={actor} current={place.tab} />
      <div role="tabpanel" aria-labelledby={tabId(place.tab)} className={styles.panel} data-tab={place.tab}>
        <Suspense fallback={<Skeleton lines={6} height={28} />}>{contentOf(actor, place)}</Suspense>
      </div>
      {isBuilding && <BuildDialog actor={actor} onClose={() => setBuilding(false)} />}
      {approvePermissions !== undefined && <ApprovalDialog actor={actor} />}
    </Page>
  );
}

function ActorTabs({ actor, current }: { actor: ActorRecord; current: Place["tab"] }) {
  const navigate = useNavigate();
  const tasks = useQuery(tasksQuery).data?.items.filter(({ actId }) => actId === actor.id).length;
  const webhooks = useQuery(actorWebhooksQuery(actor.id)).data?.total;
  const counts: Partial<Record<Place["tab"], number | undefined>> = {
    runs: actor.stats.totalRuns,
    builds: actor.stats.totalBuilds,
    "saved-tasks": tasks || undefined,
    webhooks: webhooks || undefined,
  };
  return (
    <TabBar
      label={`Parts of ${actor.name}`}
      tabs={TABS.map(([id, label]) => ({ id, label, count: counts[id], href: pathOf(actor.id, id) }))}
      current={current}
      onSelect={({ href }) => void navigate({ href })}
    />
  );
}

function contentOf(actor: ActorRecord, { tab, item }: Place): ReactNode {
  switch (tab) {
    case "start":
      return <StartTab actor={actor} />;
    case "runs":
      return <ActorRunsTab actor={actor} />;
    case "builds":
      return item === null ? <BuildsTab actor={actor} /> : <BuildView actor={actor} reference={item} />;
    case "fit":
      return <FitTab actor={actor} fitId={item} />;
    case "standby":
      return <StandbyTab actor={actor} />;
    case "source":
      return <SourceTab actor={actor} />;
    case "saved-tasks":
      return <TasksTab actor={actor} />;
    case "webhooks":
      return <WebhooksTab actor={actor} />;
    case "settings":
      return <SettingsTab actor={actor} />;
  }
}
