/**
 * Every address of the console. Each page is a chunk of its own, fetched when its address is opened, except the list of
 * runs, where the console opens.
 */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
  redirect,
} from "@tanstack/react-router";
import { FailedPage } from "@/pages/FailedPage";
import { NotFoundPage } from "@/pages/NotFoundPage";
import { fetchRunsPage, RunsPage } from "@/pages/runs/RunsPage";
import { patiently } from "@/ui/lazily";
import { Frame } from "./Frame";

/** A page that is a chunk of its own. */
const lazyPage: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => patiently(load), name);

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Frame,
  notFoundComponent: () => <NotFoundPage />,
});

type Search = Record<string, unknown>;

/** Pages read their query parameters with functions of their own; unknown ones stay in the address. */
function page<Path extends string>(path: Path, component: RouteComponent) {
  return createRoute({
    getParentRoute: () => root,
    path,
    component,
    validateSearch: (search: Search): Search => search,
  });
}

function moved<Path extends string>(path: Path, to: string, hash?: string) {
  return createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: () => {
      throw redirect({ to, ...(hash ? { hash } : {}), replace: true });
    },
  });
}

const Run = lazyPage(() => import("@/pages/run/RunPage"), "RunPage");
const Actor = lazyPage(() => import("@/pages/actor/ActorPage"), "ActorPage");
const Task = lazyPage(() => import("@/pages/tasks/TaskPage"), "TaskPage");
const Integrations = lazyPage(() => import("@/pages/server/IntegrationsPage"), "IntegrationsPage");

const SOON_MILLIS = 150;

/** The list of runs is drawn with its data if the server returns them soon, otherwise first without them. */
const runs = createRoute({
  getParentRoute: () => root,
  path: "/actors/runs",
  component: RunsPage,
  validateSearch: (search: Search): Search => search,
  loader: ({ context, location }) => {
    const isLate = new Promise((resolve) => setTimeout(resolve, SOON_MILLIS));
    return Promise.race([isLate, fetchRunsPage(context.queries, location.search)]).then(() => null);
  },
});

/** Addresses of an organization are those of the user, after a prefix. */
const organization = createRoute({
  getParentRoute: () => root,
  path: "/organization/$userId/$",
  beforeLoad: ({ params, location }) => {
    throw redirect({
      href: `/${params._splat ?? ""}${location.searchStr}${location.hash && `#${location.hash}`}`,
      replace: true,
    });
  },
});

const routes = [
  moved("/", "/actors/runs"),
  organization,
  runs,
  page("/actors/runs/$runId", Run),
  page("/actors/$actorId/runs/$runId", Run),
  page("/actors/tasks/$taskId/runs/$runId", Run),
  page("/view/runs/$runId", Run),
  page(
    "/actors",
    lazyPage(() => import("@/pages/actors/ActorsPage"), "ActorsPage"),
  ),
  page(
    "/actors/new",
    lazyPage(() => import("@/pages/actors/NewActorPage"), "NewActorPage"),
  ),
  page(
    "/actors/tasks",
    lazyPage(() => import("@/pages/tasks/TasksPage"), "TasksPage"),
  ),
  page("/actors/tasks/$taskId", Task),
  page("/actors/tasks/$taskId/$tab", Task),
  page("/actors/$actorId", Actor),
  page("/actors/$actorId/$tab", Actor),
  page("/actors/$actorId/$tab/$item", Actor),
  page(
    "/standby",
    lazyPage(() => import("@/pages/standby/StandbyPage"), "StandbyPage"),
  ),
  page(
    "/schedules",
    lazyPage(() => import("@/pages/schedules/SchedulesPage"), "SchedulesPage"),
  ),
  page(
    "/schedules/$scheduleId",
    lazyPage(() => import("@/pages/schedules/SchedulePage"), "SchedulePage"),
  ),
  page(
    "/webhooks",
    lazyPage(() => import("@/pages/webhooks/WebhooksPage"), "WebhooksPage"),
  ),
  page(
    "/webhooks/$webhookId",
    lazyPage(() => import("@/pages/webhooks/WebhookPage"), "WebhookPage"),
  ),
  moved("/storage", "/storage/datasets"),
  page(
    "/storage/datasets",
    lazyPage(() => import("@/pages/storages/DatasetsPage"), "DatasetsPage"),
  ),
  page(
    "/storage/datasets/$datasetId",
    lazyPage(() => import("@/pages/storages/DatasetPage"), "DatasetPage"),
  ),
  page(
    "/storage/key-value-stores",
    lazyPage(() => import("@/pages/storages/KeyValueStoresPage"), "KeyValueStoresPage"),
  ),
  page(
    "/storage/key-value-stores/$storeId",
    lazyPage(() => import("@/pages/storages/KeyValueStorePage"), "KeyValueStorePage"),
  ),
  page(
    "/storage/request-queues",
    lazyPage(() => import("@/pages/storages/RequestQueuesPage"), "RequestQueuesPage"),
  ),
  page(
    "/storage/request-queues/$queueId",
    lazyPage(() => import("@/pages/storages/RequestQueuePage"), "RequestQueuePage"),
  ),
  page(
    "/users",
    lazyPage(() => import("@/pages/server/UsersPage"), "UsersPage"),
  ),
  moved("/billing", "/users"),
  moved("/billing/historical-usage", "/users"),
  page(
    "/proxy",
    lazyPage(() => import("@/pages/server/ProxyPage"), "ProxyPage"),
  ),
  moved("/proxy/access", "/proxy"),
  page(
    "/doctor",
    lazyPage(() => import("@/pages/server/DoctorPage"), "DoctorPage"),
  ),
  page(
    "/api",
    lazyPage(() => import("@/pages/server/ApiPage"), "ApiPage"),
  ),
  page(
    "/settings",
    lazyPage(() => import("@/pages/server/SettingsPage"), "SettingsPage"),
  ),
  page("/settings/integrations", Integrations),
  moved("/account", "/settings/integrations"),
];

export function createConsoleRouter(queries: QueryClient) {
  return createRouter({
    context: { queries },
    routeTree: root.addChildren(routes),
    defaultPreload: "intent",
    scrollRestoration: false,
    trailingSlash: "never",
    defaultErrorComponent: ({ error }) => <FailedPage error={error} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
