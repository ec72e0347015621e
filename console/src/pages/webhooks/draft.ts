/** What the form of a webhook edits. */
import type { Webhook, WebhookFields } from "@/api/webhooks";

export type Target = "actor" | "task" | "run";

export type Draft = {
  eventTypes: string[];
  requestUrl: string;
  target: Target;
  targetId: string;
  payloadTemplate: string;
  headersTemplate: string;
  shouldInterpolateStrings: boolean;
  ignoreSslErrors: boolean;
  doNotRetry: boolean;
  description: string;
};

/** What the address of a new webhook may name: `actor`, `task` or `run`, with the id of one. */
export type Preset = Partial<Record<Target, unknown>>;

export function newDraft(preset: Preset = {}): Draft {
  const target = (["run", "task", "actor"] as const).find((each) => preset[each] !== undefined) ?? "actor";
  return {
    eventTypes: ["ACTOR.RUN.SUCCEEDED", "ACTOR.RUN.FAILED"],
    requestUrl: "",
    target,
    targetId: String(preset[target] ?? ""),
    payloadTemplate: "",
    headersTemplate: "",
    shouldInterpolateStrings: false,
    ignoreSslErrors: false,
    doNotRetry: false,
    description: "",
  };
}

export function draftOf(webhook: Webhook): Draft {
  const { actorId, actorTaskId, actorRunId } = webhook.condition;
  const target: Target = actorRunId ? "run" : actorTaskId ? "task" : "actor";
  return {
    eventTypes: webhook.eventTypes,
    requestUrl: webhook.requestUrl ?? "",
    target,
    targetId: actorRunId ?? actorTaskId ?? actorId ?? "",
    payloadTemplate: webhook.payloadTemplate ?? "",
    headersTemplate: webhook.headersTemplate ?? "",
    shouldInterpolateStrings: webhook.shouldInterpolateStrings ?? false,
    ignoreSslErrors: webhook.ignoreSslErrors,
    doNotRetry: webhook.doNotRetry ?? false,
    description: webhook.description ?? "",
  };
}

const CONDITIONS: Record<Target, "actorId" | "actorTaskId" | "actorRunId"> = {
  actor: "actorId",
  task: "actorTaskId",
  run: "actorRunId",
};

export function fieldsOf(draft: Draft): WebhookFields {
  const { target, targetId, eventTypes, requestUrl, shouldInterpolateStrings, ignoreSslErrors, doNotRetry } = draft;
  return {
    eventTypes: eventTypes as WebhookFields["eventTypes"],
    requestUrl: requestUrl.trim(),
    condition: targetId === "" ? {} : { [CONDITIONS[target]]: targetId },
    payloadTemplate: draft.payloadTemplate || null,
    headersTemplate: draft.headersTemplate || null,
    description: draft.description || null,
    shouldInterpolateStrings,
    ignoreSslErrors,
    doNotRetry,
  };
}
