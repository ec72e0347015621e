import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, dataOf, local, platform, request } from "@/api/client";
import type { components } from "@/api/platform";

export type Webhook = components["schemas"]["Webhook"];
export type WebhookShort = components["schemas"]["WebhookShort"];
export type WebhookFields = components["schemas"]["WebhookCreate"];
export type Dispatch = components["schemas"]["WebhookDispatch"];
type DispatchList = { total: number; items: Dispatch[] };

const MOST = 1000;
const MOST_DISPATCHES = 100;

export const RUN_EVENTS = ["CREATED", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "RESURRECTED"].map(
  (name) => `ACTOR.RUN.${name}`,
);
export const BUILD_EVENTS = ["CREATED", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"].map(
  (name) => `ACTOR.BUILD.${name}`,
);

/** `ACTOR.RUN.TIMED_OUT` as `Run timed out`. */
export function eventLabel(event: string): string {
  const [, kind = "", name = ""] = event.split(".");
  if (event === "TEST") return "Test event";
  if (kind === "") return event;
  return `${kind.charAt(0)}${kind.slice(1).toLowerCase()} ${name.toLowerCase().replaceAll("_", " ")}`;
}

export const webhooksQuery = queryOptions({
  queryKey: ["webhook", "list"],
  queryFn: ({ signal }) =>
    dataOf(platform.GET("/v2/webhooks", { params: { query: { limit: MOST, desc: true } }, signal })),
});

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ["webhook", id],
    queryFn: ({ signal }) =>
      dataOf(platform.GET("/v2/webhooks/{webhookId}", { params: { path: { webhookId: id } }, signal })),
  });

export const dispatchesQuery = (webhookId: string) =>
  queryOptions({
    queryKey: ["webhook", webhookId, "dispatches"],
    queryFn: async ({ signal }): Promise<DispatchList> => {
      // Apify's document does not mention paging for this operation.
      const query = `?limit=${MOST_DISPATCHES}&desc=1`;
      const response = await request(`/v2/webhooks/${encodeURIComponent(webhookId)}/dispatches${query}`, { signal });
      return (await response.json()).data;
    },
  });

export const webhookRequestQuery = (dispatchId: string) =>
  queryOptions({
    queryKey: ["webhook", "list", "request", dispatchId],
    queryFn: ({ signal }) =>
      body(
        local.GET("/greenroom/webhook-dispatches/{dispatch}", { params: { path: { dispatch: dispatchId } }, signal }),
      ),
  });

function useWebhookChange<Argument, Result>(change: (argument: Argument) => Promise<Result>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: ["webhook"] }) });
}

export function useSaveWebhook(id: string | null) {
  return useWebhookChange((fields: WebhookFields) =>
    id === null
      ? dataOf(platform.POST("/v2/webhooks", { body: fields }))
      : dataOf(platform.PUT("/v2/webhooks/{webhookId}", { params: { path: { webhookId: id } }, body: fields })),
  );
}

export function useDeleteWebhook(id: string) {
  return useWebhookChange(() =>
    body(platform.DELETE("/v2/webhooks/{webhookId}", { params: { path: { webhookId: id } } })),
  );
}

export function useTestWebhook(id: string) {
  return useWebhookChange(() =>
    dataOf(platform.POST("/v2/webhooks/{webhookId}/test", { params: { path: { webhookId: id } } })),
  );
}

export function useSendAgain(dispatchId: string) {
  const params = { path: { dispatch: dispatchId } };
  return useWebhookChange(() => body(local.POST("/greenroom/webhook-dispatches/{dispatch}/send-again", { params })));
}
