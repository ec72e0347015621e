/** Tasks: stored inputs and options of Actors. */
import { queryOptions } from "@tanstack/react-query";
import { dataOf, platform, readBoth } from "@/api/client";
import type { components } from "@/api/platform";
import { knownById } from "@/api/records";
import { isObject, type JsonObject } from "@/json/exact";

export type TaskInList = components["schemas"]["TaskShort"];
type Task = components["schemas"]["Task"];
/** A task whose input has exact numbers. */
export type TaskRecord = Omit<Task, "input"> & { input?: JsonObject | null };

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
    queryFn: async ({ signal, client }): Promise<TaskRecord> => {
      const { plain, exact } = await readBoth<Task>(`/v2/actor-tasks/${encodeURIComponent(id)}`, signal);
      return knownById(client, "task", id, { ...plain, input: isObject(exact.input) ? exact.input : null });
    },
  });
