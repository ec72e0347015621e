/** The latest requests that went through the proxy. */
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components } from "@/api/local";
import { useTopic } from "@/live/topics";

export type ProxiedRequest = components["schemas"]["ProxiedRequest"];

/** As many as the server returns. */
const MOST = 100;

/** The newest first. */
export const proxyRequestsQuery = queryOptions({
  queryKey: ["proxy", "requests"],
  queryFn: async ({ signal }) => (await body(local.GET("/greenroom/proxy/requests", { signal }))).items,
});

/** A response can already have the requests of an event that arrives after it. */
export function inFront(added: readonly ProxiedRequest[], shown: readonly ProxiedRequest[]): ProxiedRequest[] {
  const known = new Set(shown.map(keyOf));
  return [...added.filter((request) => !known.has(keyOf(request))), ...shown].slice(0, MOST);
}

export function keyOf(request: ProxiedRequest): string {
  return JSON.stringify(request);
}

/** Puts new requests in front. */
export function useProxyEvents(): void {
  const queries = useQueryClient();
  useTopic("proxy", (events) => {
    const added = events.flatMap((event) => (event.name === "proxied" ? [event.data.items] : [])).reverse();
    queries.setQueryData(proxyRequestsQuery.queryKey, (shown) => shown && inFront(added.flat(), shown));
  });
}
