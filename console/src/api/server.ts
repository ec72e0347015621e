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
};

/** The server and the signed-in user. */
export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: async ({ signal }): Promise<Server> => (await request("/greenroom/console", { signal })).json(),
});
