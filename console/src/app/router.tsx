/** Every address of the console. Each page is a chunk of its own, fetched when its address is opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
  redirect,
} from "@tanstack/react-router";
import { NotFoundPage } from "@/pages/NotFoundPage";
import { Frame } from "./Frame";

const root = createRootRoute({ component: Frame, notFoundComponent: () => <NotFoundPage /> });

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

const Runs = lazyRouteComponent(() => import("@/pages/runs/RunsPage"), "RunsPage");
const Run = lazyRouteComponent(() => import("@/pages/run/RunPage"), "RunPage");
const Actor = lazyRouteComponent(() => import("@/pages/actor/ActorPage"), "ActorPage");
const Task = lazyRouteComponent(() => import("@/pages/tasks/TaskPage"), "TaskPage");
const Integrations = lazyRouteComponent(() => import("@/pages/server/IntegrationsPage"), "IntegrationsPage");

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
  page("/actors/runs", Runs),
  page("/actors/runs/$runId", Run),
  page("/actors/$actorId/runs/$runId", Run),
  page("/actors/tasks/$taskId/runs/$runId", Run),
  page("/view/runs/$runId", Run),
  page(
    "/actors",
    lazyRouteComponent(() => import("@/pages/actors/ActorsPage"), "ActorsPage"),
  ),
  page(
    "/actors/new",
    lazyRouteComponent(() => import("@/pages/actors/NewActorPage"), "NewActorPage"),
  ),
  page(
    "/actors/tasks",
    lazyRouteComponent(() => import("@/pages/tasks/TasksPage"), "TasksPage"),
  ),
  page("/actors/tasks/$taskId", Task),
  page("/actors/tasks/$taskId/$tab", Task),
  page("/actors/$actorId", Actor),
  page("/actors/$actorId/$tab", Actor),
  page("/actors/$actorId/$tab/$item", Actor),
  page(
    "/schedules",
    lazyRouteComponent(() => import("@/pages/schedules/SchedulesPage"), "SchedulesPage"),
  ),
  page(
    "/schedules/$scheduleId",
    lazyRouteComponent(() => import("@/pages/schedules/SchedulePage"), "SchedulePage"),
  ),
  page(
    "/webhooks",
    lazyRouteComponent(() => import("@/pages/webhooks/WebhooksPage"), "WebhooksPage"),
  ),
  page(
    "/webhooks/$webhookId",
    lazyRouteComponent(() => import("@/pages/webhooks/WebhookPage"), "WebhookPage"),
  ),
  moved("/storage", "/storage/datasets"),
  page(
    "/storage/datasets",
    lazyRouteComponent(() => import("@/pages/storages/DatasetsPage"), "DatasetsPage"),
  ),
  page(
    "/storage/datasets/$datasetId",
    lazyRouteComponent(() => import("@/pages/storages/DatasetPage"), "DatasetPage"),
  ),
  page(
    "/storage/key-value-stores",
    lazyRouteComponent(() => import("@/pages/storages/KeyValueStoresPage"), "KeyValueStoresPage"),
  ),
  page(
    "/storage/key-value-stores/$storeId",
    lazyRouteComponent(() => import("@/pages/storages/KeyValueStorePage"), "KeyValueStorePage"),
  ),
  page(
    "/storage/request-queues",
    lazyRouteComponent(() => import("@/pages/storages/RequestQueuesPage"), "RequestQueuesPage"),
  ),
  page(
    "/storage/request-queues/$queueId",
    lazyRouteComponent(() => import("@/pages/storages/RequestQueuePage"), "RequestQueuePage"),
  ),
  page(
    "/users",
    lazyRouteComponent(() => import("@/pages/server/UsersPage"), "UsersPage"),
  ),
  moved("/billing", "/users"),
  moved("/billing/historical-usage", "/users"),
  page(
    "/proxy",
    lazyRouteComponent(() => import("@/pages/server/ProxyPage"), "ProxyPage"),
  ),
  moved("/proxy/access", "/proxy"),
  page(
    "/doctor",
    lazyRouteComponent(() => import("@/pages/server/DoctorPage"), "DoctorPage"),
  ),
  page(
    "/api",
    lazyRouteComponent(() => import("@/pages/server/ApiPage"), "ApiPage"),
  ),
  page(
    "/settings",
    lazyRouteComponent(() => import("@/pages/server/SettingsPage"), "SettingsPage"),
  ),
  page("/settings/integrations", Integrations),
  moved("/account", "/settings/integrations"),
];

export function createConsoleRouter() {
  return createRouter({
    routeTree: root.addChildren(routes),
    defaultPreload: "intent",
    scrollRestoration: false,
    trailingSlash: "never",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
