import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ActorRecord } from "@/api/actors";
import { request } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { TaskRecord } from "@/api/tasks";
import { type JsonObject, writeJson } from "@/json/exact";
import { type Problems, problemsOf } from "@/schema-form/problems";
import { fieldsToCorrect, focusField } from "@/schema-form/SchemaForm";
import type { InputSchema } from "@/schema-form/schema";
import type { InputForm } from "@/schema-form/useInputForm";
import type { Draft } from "./drafts";
import { optionsOfTask, queryOf, type RunOptions, taskOptionsOf } from "./options";

const JSON_BODY = { "Content-Type": "application/json" };

/** Validate an input as a run of this build would. Returns null if it is valid. */
export async function validateInput(
  actorId: string,
  build: string,
  schema: InputSchema | null,
  input: JsonObject,
  signal: AbortSignal,
): Promise<Problems | null> {
  if (schema === null) return null;
  try {
    await request(`/v2/actors/${actorId}/validate-input?build=${encodeURIComponent(build)}`, {
      method: "POST",
      headers: JSON_BODY,
      body: writeJson(input),
      signal,
    });
    return null;
  } catch (error) {
    if (error instanceof ApiError && error.type === "invalid-input") return problemsOf(error.message, schema);
    throw error;
  }
}

type Started = { id: string; actId: string };

type StartProps = {
  actor: ActorRecord;
  task?: TaskRecord;
  schema: InputSchema | null;
  form: InputForm;
  options: RunOptions;
  onDraft: (draft: Draft | null) => void;
};

export type Start = {
  run: () => void;
  /** Store the input and options in the task. */
  save: () => Promise<unknown>;
  isPending: boolean;
  isChanged: boolean;
  error: unknown;
  storedOptions: RunOptions;
};

/**
 * Starts the run, and opens its page. With errors in the form, the first one gets the focus instead.
 *
 * The server merges an input over that of a task, so that a field that was cleared would come back. A changed task is
 * therefore saved before it starts.
 */
export function useStart({ actor, task, schema, form, options, onDraft }: StartProps): Start {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const storedOptions = task?.options ? optionsOfTask(task.options) : {};
  const isChanged = task !== undefined && !isStored(task, form.input, options, storedOptions);
  const save = async () => {
    if (task) await saveTask(task.id, form.input, options);
    onDraft(null);
    await queries.invalidateQueries({ queryKey: ["task"] });
  };
  const starting = useMutation({
    mutationFn: async (): Promise<Started> => {
      if (isChanged) await save();
      return task ? startTask(task.id, options) : startActor(actor.id, form.input, options);
    },
    onSuccess: ({ id, actId }) => {
      onDraft(null);
      // The button stays disabled until the page of the run is shown.
      return navigate({ to: "/actors/$actorId/runs/$runId", params: { actorId: actId, runId: id } });
    },
    onError: (error) => {
      if (!(error instanceof ApiError) || error.type !== "invalid-input") return;
      const problems = problemsOf(error.message, schema);
      form.showProblems(problems);
      const first = Object.keys(schema?.properties ?? {}).find((name) => name in problems.fields);
      if (first !== undefined) focusField(first);
    },
  });
  const run = () => {
    if (starting.isPending || form.jsonError !== null) return;
    const [wrong] = fieldsToCorrect(schema, form);
    if (wrong === undefined) return starting.mutate();
    form.setView("form");
    requestAnimationFrame(() => focusField(wrong.name));
  };
  return { run, save, isPending: starting.isPending, isChanged, error: starting.error, storedOptions };
}

async function startActor(actorId: string, input: JsonObject, options: RunOptions): Promise<Started> {
  const query = new URLSearchParams(queryOf(options));
  const response = await request(`/v2/actors/${actorId}/runs?${query}`, {
    method: "POST",
    headers: JSON_BODY,
    body: writeJson(input),
  });
  return ((await response.json()) as { data: Started }).data;
}

async function startTask(taskId: string, { webhooks }: RunOptions): Promise<Started> {
  const query = new URLSearchParams(queryOf({ webhooks }));
  const response = await request(`/v2/actor-tasks/${taskId}/runs?${query}`, { method: "POST" });
  return ((await response.json()) as { data: Started }).data;
}

async function saveTask(taskId: string, input: JsonObject, options: RunOptions): Promise<void> {
  const unset = {
    memoryMbytes: null,
    timeoutSecs: null,
    build: null,
    maxItems: null,
    maxTotalChargeUsd: null,
    restartOnError: null,
  };
  await request(`/v2/actor-tasks/${taskId}`, {
    method: "PUT",
    headers: JSON_BODY,
    body: writeJson({ input, options: { ...unset, ...taskOptionsOf(options) } }),
  });
}

function isStored(task: TaskRecord, input: JsonObject, options: RunOptions, stored: RunOptions): boolean {
  const sorted = (value: object) => writeJson(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
  return sorted(task.input ?? {}) === sorted(input) && sorted(taskOptionsOf(options)) === sorted(taskOptionsOf(stored));
}
