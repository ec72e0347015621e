/** The requests of a queue by their outcome. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { body, local, readBoth, readExactly } from "@/api/client";
import type { components } from "@/api/local";
import { apiPath } from "@/api/storageRecords";
import type { Json } from "@/json/exact";

type OutcomeCounts = components["schemas"]["OutcomeCounts"];
type RequestPage = components["schemas"]["QueueRequests"];
export type Outcome = components["schemas"]["RequestOutcome"];

/** A request as its client stored it. Clients may leave out everything but the id, the URL and the key. */
export type QueueRequest = {
  outcome: Outcome;
  id: string;
  url: string;
  uniqueKey: string;
  method?: string;
  loadedUrl?: string;
  handledAt?: string | null;
  retryCount?: number;
  errorMessages?: string[];
  userData?: Json;
  headers?: Json;
  payload?: string | null;
  noRetry?: boolean;
};

const PAGE = 100;

export const queueRequestsQuery = (queueId: string, outcome: Outcome | null) =>
  infiniteQueryOptions({
    queryKey: ["request-queue", queueId, "requests", outcome],
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: String(PAGE), after: pageParam, counts: "false", ...(outcome ? { outcome } : {}) };
      const path = `/greenroom/request-queues/${encodeURIComponent(queueId)}/requests?${new URLSearchParams(query)}`;
      const page = (await readExactly(path, signal)) as unknown as RequestPage;
      const requests = page.items.map(
        (each) => ({ ...each.request, outcome: each.outcome }) as unknown as QueueRequest,
      );
      return { requests, nextAfter: page.nextAfter };
    },
    initialPageParam: "",
    getNextPageParam: ({ nextAfter }: { nextAfter: string | null }) => nextAfter,
    placeholderData: keepPreviousData,
  });

/** How many requests have each outcome. In a big queue this takes longer than a page of its requests. */
export const queueCountsQuery = (queueId: string) =>
  queryOptions({
    queryKey: ["request-queue", queueId, "counts"],
    queryFn: async ({ signal }): Promise<OutcomeCounts | null> => {
      const options = { params: { path: { id: queueId }, query: { limit: 1 } }, signal };
      return (await body(local.GET("/greenroom/request-queues/{id}/requests", options))).counts;
    },
    placeholderData: keepPreviousData,
  });

/** A single request, without its outcome. Its page may not have been loaded. */
export const queueRequestQuery = (queueId: string, id: string) =>
  queryOptions({
    queryKey: ["request-queue", queueId, "request", id],
    queryFn: async ({ signal }): Promise<Omit<QueueRequest, "outcome">> => {
      const path = `${apiPath("request-queue", queueId)}/requests/${encodeURIComponent(id)}`;
      return (await readBoth(path, signal)).exact as unknown as Omit<QueueRequest, "outcome">;
    },
  });
