import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, dataOf, local, platform, readBoth } from "@/api/client";
import type { components } from "@/api/platform";
import { isObject, type Json } from "@/json/exact";

export type Schedule = components["schemas"]["Schedule"];
export type ScheduleShort = components["schemas"]["ScheduleShort"];
export type ScheduleFields = components["schemas"]["ScheduleCreate"];

const MOST = 1000;

export const schedulesQuery = queryOptions({
  queryKey: ["schedule", "list"],
  queryFn: ({ signal }) =>
    dataOf(platform.GET("/v2/schedules", { params: { query: { limit: MOST, desc: true } }, signal })),
});

export const scheduleQuery = (id: string) =>
  queryOptions({
    queryKey: ["schedule", id],
    queryFn: async ({ signal }): Promise<Schedule> => {
      const { plain, exact } = await readBoth<Schedule>(`/v2/schedules/${encodeURIComponent(id)}`, signal);
      const inputs = Array.isArray(exact.actions) ? exact.actions.map(inputOf) : [];
      return { ...plain, actions: plain.actions.map((action, index) => withInput(action, inputs[index])) };
    },
  });

type Action = Schedule["actions"][number];

function inputOf(action: Json): Json | undefined {
  return isObject(action) ? action.input : undefined;
}

/** The input with exact numbers, since saving the schedule sends it back. */
function withInput(action: Action, input: Json | undefined): Action {
  return action.type === "RUN_ACTOR" || !isObject(input)
    ? action
    : { ...action, input: input as NonNullable<typeof action.input> };
}

export const scheduleLogQuery = (id: string) =>
  queryOptions({
    queryKey: ["schedule", id, "log"],
    queryFn: ({ signal }) =>
      dataOf(platform.GET("/v2/schedules/{scheduleId}/log", { params: { path: { scheduleId: id } }, signal })),
  });

/** The next times of a cron expression. Its error is the server's sentence about the expression or the zone. */
export const scheduleTimesQuery = (cronExpression: string, timezone: string) =>
  queryOptions({
    queryKey: ["schedule", "list", "times", cronExpression, timezone],
    enabled: cronExpression.trim() !== "",
    queryFn: async ({ signal }) =>
      (await body(local.GET("/greenroom/schedule-times", { params: { query: { cronExpression, timezone } }, signal })))
        .times,
  });

export function useSaveSchedule(id: string | null) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (fields: ScheduleFields) =>
      id === null
        ? dataOf(platform.POST("/v2/schedules", { body: fields }))
        : dataOf(platform.PUT("/v2/schedules/{scheduleId}", { params: { path: { scheduleId: id } }, body: fields })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["schedule"] }),
  });
}

export function useDeleteSchedule(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => body(platform.DELETE("/v2/schedules/{scheduleId}", { params: { path: { scheduleId: id } } })),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ["schedule", id] });
      return queries.invalidateQueries({ queryKey: ["schedule", "list"] });
    },
  });
}

export function useFireSchedule(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => body(local.POST("/greenroom/schedules/{schedule}/fire", { params: { path: { schedule: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["schedule", id] }),
  });
}
