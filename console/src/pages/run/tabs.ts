/** The tabs of a run. The fragment of the address selects one of them. */
import type { UseQueryOptions } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { type Run, reportQuery } from "@/api/run";
import { apiCallsQuery, runDispatchesQuery, timelineQuery } from "@/api/runDetails";
import { storageQuery } from "@/api/storageRecords";
import { lazily } from "@/ui/lazily";
import { isLive } from "@/ui/StatusPill";

export type RunTabProps = { run: Run };

/** A query whose result is shown as a number beside the label of a tab; null is not known. */
type CountQuery = UseQueryOptions<unknown, Error, number | null>;

type RunTab = {
  /** The fragment. `aliases` are other fragments that open the tab. */
  id: string;
  aliases?: string[];
  label: string;
  /** The number beside the label, made with `countOf`. Its query must be cheap, since it runs with any tab open. */
  count?: (run: Run) => CountQuery;
  component: ComponentType<RunTabProps>;
};

const LOG_TAB = "log";
const OUTPUT_TAB = "output";

export const TABS: RunTab[] = [
  {
    id: OUTPUT_TAB,
    label: "Output",
    count: (run) => countOf(reportQuery(run.id), (report) => report.items.value),
    component: lazily(async () => (await import("./tabs/OutputTab")).OutputTab),
  },
  {
    id: LOG_TAB,
    aliases: ["metrics"],
    label: "Log and metrics",
    component: lazily(async () => (await import("./tabs/LogTab")).LogTab),
  },
  {
    id: "key-value-store",
    aliases: ["storage"],
    label: "Key-value store",
    component: lazily(async () => (await import("./tabs/KeyValueStoreTab")).KeyValueStoreTab),
  },
  {
    id: "requests",
    label: "Requests",
    count: (run) =>
      countOf(storageQuery("request-queue", run.defaultRequestQueueId), (queue) => queue.totalRequestCount ?? null),
    component: lazily(async () => (await import("./tabs/RequestsTab")).RequestsTab),
  },
  { id: "input", label: "Input", component: lazily(async () => (await import("./tabs/InputTab")).InputTab) },
  {
    id: "environment",
    label: "Environment",
    component: lazily(async () => (await import("./tabs/EnvironmentTab")).EnvironmentTab),
  },
  {
    id: "web-server",
    aliases: ["live-view"],
    label: "Web server",
    component: lazily(async () => (await import("./tabs/WebServerTab")).WebServerTab),
  },
  {
    id: "events",
    label: "Events",
    count: (run) =>
      afterEnd(
        run,
        countOf(timelineQuery(run.id), ({ entries }) => entries.length),
      ),
    component: lazily(async () => (await import("./tabs/EventsTab")).EventsTab),
  },
  {
    id: "webhooks",
    label: "Webhooks",
    count: (run) => countOf(runDispatchesQuery(run.id), ({ total }) => total),
    component: lazily(async () => (await import("./tabs/WebhooksTab")).WebhooksTab),
  },
  { id: "charges", label: "Charges", component: lazily(async () => (await import("./tabs/ChargesTab")).ChargesTab) },
  {
    id: "api",
    label: "API calls",
    count: (run) =>
      afterEnd(
        run,
        countOf(apiCallsQuery(run.id, "", 0), ({ total }) => total),
      ),
    component: lazily(async () => (await import("./tabs/ApiCallsTab")).ApiCallsTab),
  },
];

/** The tab that a fragment opens; undefined for an unknown one. */
export function tabOf(fragment: string): RunTab | undefined {
  return TABS.find((each) => each.id === fragment || each.aliases?.includes(fragment));
}

/** The tab that opens without a fragment: the log while a run is live or after a failure, else the output. */
export function defaultTab(run: Run): string {
  return run.status === "SUCCEEDED" ? OUTPUT_TAB : LOG_TAB;
}

function countOf<T>(query: UseQueryOptions<T, Error, T, string[]>, select: (data: T) => number | null): CountQuery {
  // Queries of different data stand in one list; each is paired with its own `select` here.
  return { ...query, select } as unknown as CountQuery;
}

/** The number would be out of date while a run is live, since no event reports each change of it. */
function afterEnd(run: Run, query: CountQuery): CountQuery {
  return { ...query, enabled: !isLive(run.status) };
}
