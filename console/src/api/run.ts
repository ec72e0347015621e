/** One run: its record, what it used, and why it ended. */
import { queryOptions } from "@tanstack/react-query";
import { body, dataOf, local, platform } from "@/api/client";
import type { components as Local } from "@/api/local";
import type { components as Platform } from "@/api/platform";

export type Run = Platform["schemas"]["Run"] & {
  options: { restartOnError?: boolean };
  statusMessage?: string | null;
  diskEnforcement?: string;
  permissionLevel?: string;
};
export type Report = Local["schemas"]["RunReport"];
export type Figure = Local["schemas"]["Figure"];
export type Explanation = Local["schemas"]["JobExplanation"];
export type Metrics = Omit<Local["schemas"]["RunMetrics"], "gaps"> & {
  /** Each from a time to a time. */
  gaps: number[][];
};

/** The keys of everything about a run start with this one, so that a change of the run can invalidate all of it. */
export function runKey(runId: string, ...part: string[]): string[] {
  return ["run", runId, ...part];
}

export function runQuery(runId: string) {
  return queryOptions({
    queryKey: runKey(runId, "record"),
    queryFn: ({ signal }): Promise<Run> =>
      dataOf(platform.GET("/v2/actor-runs/{runId}", { params: { path: { runId } }, signal })),
  });
}

export function reportQuery(runId: string) {
  return queryOptions({
    queryKey: runKey(runId, "report"),
    queryFn: ({ signal }): Promise<Report> =>
      body(local.GET("/greenroom/runs/{run}/report", { params: { path: { run: runId } }, signal })),
  });
}

const MAX_POINTS = 1200;

export function metricsQuery(runId: string) {
  return queryOptions({
    queryKey: runKey(runId, "metrics"),
    queryFn: ({ signal }): Promise<Metrics> =>
      body(
        local.GET("/greenroom/runs/{run}/metrics", {
          params: { path: { run: runId }, query: { maxPoints: MAX_POINTS } },
          signal,
        }),
      ),
  });
}

export function explanationQuery(runId: string) {
  return queryOptions({
    queryKey: runKey(runId, "explanation"),
    queryFn: async ({ signal }): Promise<Explanation> =>
      (await body(local.GET("/greenroom/runs/{run}/explanation", { params: { path: { run: runId } }, signal }))).data,
  });
}
