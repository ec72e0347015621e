import { queryOptions } from "@tanstack/react-query";
import { dataOf, platform } from "@/api/client";

const MOST = 1000;

/** The names of all Actors and tasks, for choices of one of them. */
export const targetsQuery = queryOptions({
  queryKey: ["actor", "list", "targets"],
  queryFn: async ({ signal }) => {
    const [actors, tasks] = await Promise.all([
      dataOf(platform.GET("/v2/actors", { params: { query: { limit: MOST, my: true } }, signal })),
      dataOf(platform.GET("/v2/actor-tasks", { params: { query: { limit: MOST } }, signal })),
    ]);
    return { actors: actors.items, tasks: tasks.items };
  },
});
