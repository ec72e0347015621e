import { queryOptions } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components } from "@/api/local";

export type Server = components["schemas"]["ConsoleInfo"] & {
  /** Whether the engine answers now. Undefined until an event reports it. */
  isEngineReachable?: boolean;
};

/** The server and the signed-in user. */
export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: ({ signal }): Promise<Server> => body(local.GET("/greenroom/console", { signal })),
});
