import { queryOptions } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components } from "@/api/local";

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

function fetchServer(signal: AbortSignal): Promise<Server> {
  return body(local.GET("/greenroom/console", { signal }));
}
