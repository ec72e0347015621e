import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components } from "@/api/local";
import { useTopic } from "@/live/topics";

export type Server = components["schemas"]["ConsoleInfo"] & {
  /** Whether the engine answers now. Undefined until an event reports it. */
  isEngineReachable?: boolean;
};

/**
 * The server and the signed-in user. Without users, the server signs in everyone who opens a page, unless another site
 * opened it. Then the page has no session yet, and gets one here.
 */
export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: async ({ signal }): Promise<Server> => {
    const server = await fetchServer(signal);
    if (server.user != null) return server;
    await body(local.POST("/greenroom/session", { body: {} }));
    return fetchServer(signal);
  },
});

type DataFolder = components["schemas"]["DataFolder"];

/** How large the data folder is. A null size is not measured yet; an event brings it. */
export const dataFolderQuery = queryOptions({
  queryKey: ["server", "data-folder"],
  queryFn: ({ signal }): Promise<DataFolder> => body(local.GET("/greenroom/data-folder", { signal })),
});

/** The size of the data folder, as last measured. */
export function useDataFolder(): DataFolder | undefined {
  const queries = useQueryClient();
  useTopic("server", (events) => {
    const state = events.findLast((event) => event.name === "server");
    if (state == null || state.data.dataFolderBytes == null) return;
    const sizeBytes = state.data.dataFolderBytes;
    queries.setQueryData(dataFolderQuery.queryKey, (shown) => shown && { ...shown, sizeBytes });
  });
  return useQuery(dataFolderQuery).data;
}

function fetchServer(signal: AbortSignal): Promise<Server> {
  return body(local.GET("/greenroom/console", { signal }));
}
