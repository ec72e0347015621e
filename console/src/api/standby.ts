/** Actors and tasks with Standby, and the runs that serve their requests. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, local, platform } from "@/api/client";
import type { components } from "@/api/local";
import type { components as platformComponents } from "@/api/platform";

export type StandbyTarget = components["schemas"]["StandbyTarget"];
export type StandbyRun = components["schemas"]["StandbyRun"];
/** The settings that an Actor or task has of its own. null, or nothing, stands for those that apply otherwise. */
export type StandbySettings = platformComponents["schemas"]["ActorStandby"];
/** What has an address: an Actor, or a task of it. */
export type Addressed = { actorId: string; taskId: string | null };

/** All that the user has, which events replace. An event during the request is newer than its response. */
export const standbyQuery = queryOptions({
  queryKey: ["standby"],
  queryFn: async ({ signal, client, queryKey }): Promise<StandbyTarget[]> => {
    const before = client.getQueryData<StandbyTarget[]>(queryKey);
    const { items } = await body(local.GET("/greenroom/standby", { signal }));
    const now = client.getQueryData<StandbyTarget[]>(queryKey);
    return now === undefined || now === before ? items : now;
  },
});

/** Start a run before the first request needs it, and wait until it is ready. */
export function useWarmUp({ actorId, taskId }: Addressed) {
  return useMutation({
    mutationFn: () =>
      body(
        taskId === null
          ? local.POST("/greenroom/actors/{actor}/standby/warm-up", { params: { path: { actor: actorId } } })
          : local.POST("/greenroom/actor-tasks/{task}/standby/warm-up", { params: { path: { task: taskId } } }),
      ),
  });
}

export function stopStandby({ actorId, taskId }: Addressed) {
  return body(
    taskId === null
      ? local.POST("/greenroom/actors/{actor}/standby/stop", { params: { path: { actor: actorId } } })
      : local.POST("/greenroom/actor-tasks/{task}/standby/stop", { params: { path: { task: taskId } } }),
  );
}

/** Change some settings of an Actor or task. Its record and the list are fetched again before this is settled. */
export function useSaveStandby({ actorId, taskId }: Addressed) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (actorStandby: StandbySettings) =>
      body<unknown>(
        taskId === null
          ? platform.PUT("/v2/actors/{actorId}", { params: { path: { actorId } }, body: { actorStandby } })
          : platform.PUT("/v2/actor-tasks/{actorTaskId}", {
              params: { path: { actorTaskId: taskId } },
              body: { actorStandby },
            }),
      ),
    onSuccess: () =>
      Promise.all([["actor"], ["task"], ["standby"]].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
