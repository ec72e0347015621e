/** The latest builds and runs of all Actors and tasks, for their lists. */
import { queryOptions } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components } from "@/api/local";

type Schemas = components["schemas"];

export type JobsOfActor = Schemas["JobsOfActor"];
export type LastRun = Schemas["LastRun"];

/** By the id of the Actor. Actors without builds and runs are missing. Fetched again when a run begins or ends. */
export const actorJobsQuery = queryOptions({
  queryKey: ["run", "counts", "of-actors"],
  queryFn: async ({ signal }) => {
    const { items } = await body(local.GET("/greenroom/actor-jobs", { signal }));
    return new Map(items.map((each) => [each.actorId, each]));
  },
});

/** The last runs by the id of the task. Tasks without runs are missing. */
export const taskRunsQuery = queryOptions({
  queryKey: ["run", "counts", "of-tasks"],
  queryFn: async ({ signal }) => {
    const { items } = await body(local.GET("/greenroom/task-runs", { signal }));
    return new Map(items.map(({ taskId, lastRun }) => [taskId, lastRun]));
  },
});
