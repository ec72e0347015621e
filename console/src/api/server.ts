import { queryOptions } from "@tanstack/react-query";
import { request } from "@/api/client";

export type Server = {
  version: string;
  apiUrl: string;
  user: { id: string; username: string } | null;
  hasUsers: boolean;
  isOperator: boolean;
  engine: { version: string } | null;
  memory: { usedMbytes: number; limitMbytes: number };
  liveRuns: number;
  /** Whether the engine answers now; undefined before the first event. */
  isEngineReachable?: boolean;
};

/** The server and the signed-in user. */
export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: async ({ signal }): Promise<Server> => {
    const server = await fetchServer(signal);
    if (server.user !== null) return server;
    await signInLocally();
    return fetchServer(signal);
  },
});

async function fetchServer(signal: AbortSignal): Promise<Server> {
  return (await request("/greenroom/console", { signal })).json();
}

/** A server without users signs everybody in. It does so by itself only if no other site has opened the page. */
async function signInLocally(): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await request("/greenroom/session", { method: "POST", headers, body: "{}" });
}
