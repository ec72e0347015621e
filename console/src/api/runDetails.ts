/** What happened in a run: time line, API calls, environment, web server, webhooks. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { body, local, request } from "@/api/client";
import type { components } from "@/api/local";
import { runKey } from "@/api/run";
import type { Dispatch } from "@/api/webhooks";

export type TimelineEntry = components["schemas"]["TimelineEntry"];
export type ApiCall = components["schemas"]["ApiCall"];
export type EnvironmentVariable = components["schemas"]["EnvironmentVariable"];

type Dispatches = { total: number; items: Dispatch[] };

const CALLS_PAGE = 200;
const MOST_DISPATCHES = 100;

const ofRun = (runId: string) => ({ path: { run: runId } });

export const timelineQuery = (runId: string) =>
  queryOptions({
    queryKey: runKey(runId, "timeline"),
    queryFn: ({ signal }) => body(local.GET("/greenroom/runs/{run}/timeline", { params: ofRun(runId), signal })),
  });

export const environmentQuery = (runId: string) =>
  queryOptions({
    queryKey: runKey(runId, "environment"),
    queryFn: ({ signal }) => body(local.GET("/greenroom/runs/{run}/environment", { params: ofRun(runId), signal })),
  });

export const webServerQuery = (runId: string) =>
  queryOptions({
    queryKey: runKey(runId, "web-server"),
    queryFn: ({ signal }) => body(local.GET("/greenroom/runs/{run}/web-server", { params: ofRun(runId), signal })),
  });

/** A page of the calls whose method, path, query or status contains a text, the newest first. */
export const apiCallsQuery = (runId: string, q: string, page: number) =>
  queryOptions({
    queryKey: runKey(runId, "api-calls", q, String(page)),
    queryFn: ({ signal }) => {
      const query = { q, limit: CALLS_PAGE, offset: page * CALLS_PAGE };
      return body(local.GET("/greenroom/runs/{run}/api-calls", { params: { ...ofRun(runId), query }, signal }));
    },
    placeholderData: keepPreviousData,
  });

export const pageOfCalls = CALLS_PAGE;

/** The key is that of lists of webhooks, which events of webhooks fetch again. */
export const runDispatchesQuery = (runId: string) =>
  queryOptions({
    queryKey: ["webhook", "list", "dispatches-of-run", runId],
    queryFn: async ({ signal }) => {
      // The document does not mention the paging, which is that of the platform.
      const path = `/greenroom/runs/${runId}/webhook-dispatches?limit=${MOST_DISPATCHES}&desc=1`;
      const { data } = (await (await request(path, { signal })).json()) as { data: Dispatches };
      return data;
    },
  });
