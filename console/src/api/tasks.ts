/** Tasks: stored inputs and options of Actors. */
import { queryOptions } from "@tanstack/react-query";
import { dataOf, platform } from "@/api/client";
import type { components } from "@/api/platform";

export type TaskInList = components["schemas"]["TaskShort"];
export type TaskRecord = components["schemas"]["Task"];

const MANY = 1000;

export const tasksQuery = queryOptions({
  queryKey: ["task", "list"],
  queryFn: ({ signal }) =>
    dataOf(platform.GET("/v2/actor-tasks", { params: { query: { limit: MANY, desc: true } }, signal })),
});

/** `id` is an id or `username~name`. */
export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ["task", id],
    queryFn: ({ signal }) =>
      dataOf(platform.GET("/v2/actor-tasks/{actorTaskId}", { params: { path: { actorTaskId: id } }, signal })),
  });
