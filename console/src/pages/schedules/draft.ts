/** What the form of a schedule edits, and how it becomes the fields of the API. */

import type { Schedule, ScheduleFields } from "@/api/schedules";
import { timeZone } from "@/format/times";
import { readJson, writeJson } from "@/json/exact";

type Action = Schedule["actions"][number];
type TaskInput = NonNullable<Extract<Action, { type: "RUN_ACTOR_TASK" }>["input"]>;
type CreatedAction = NonNullable<ScheduleFields["actions"]>[number];

export type DraftAction = {
  key: string;
  type: Action["type"];
  targetId: string;
  /** JSON, or nothing for the default input. */
  input: string;
  contentType: string;
  options: Record<string, unknown> | null;
};

export type Draft = {
  name: string;
  cronExpression: string;
  timezone: string;
  isEnabled: boolean;
  isExclusive: boolean;
  actions: DraftAction[];
};

const JSON_TYPE = "application/json; charset=utf-8";
let nextKey = 1;

export function newDraft(): Draft {
  return {
    name: "",
    cronExpression: "0 7 * * *",
    timezone: timeZone(),
    isEnabled: true,
    isExclusive: true,
    actions: [newAction()],
  };
}

export function newAction(): DraftAction {
  return { key: `new-${nextKey++}`, type: "RUN_ACTOR", targetId: "", input: "", contentType: JSON_TYPE, options: null };
}

export function draftOf(schedule: Schedule): Draft {
  const { name, cronExpression, timezone, isEnabled, isExclusive } = schedule;
  return { name, cronExpression, timezone, isEnabled, isExclusive, actions: schedule.actions.map(draftAction) };
}

function draftAction(action: Action): DraftAction {
  if (action.type === "RUN_ACTOR") {
    return {
      key: action.id,
      type: action.type,
      targetId: action.actorId,
      input: action.runInput?.body ?? "",
      contentType: action.runInput?.contentType ?? JSON_TYPE,
      options: action.runOptions ?? null,
    };
  }
  const input = action.input ? writeJson(action.input, 2) : "";
  return {
    key: action.id,
    type: action.type,
    targetId: action.actorTaskId,
    input,
    contentType: JSON_TYPE,
    options: null,
  };
}

export type DraftErrors = { name?: string; actions: Record<string, string> };

/** What the form itself can find. The server checks everything else, such as the cron expression. */
export function errorsOf(draft: Draft): DraftErrors {
  const actions: Record<string, string> = {};
  for (const action of draft.actions) {
    if (action.targetId === "") actions[action.key] = "Choose what this action starts.";
    else if (!isValidInput(action)) actions[action.key] = "The input is not valid JSON.";
  }
  return { actions, ...(draft.name.trim() === "" ? { name: "Give the schedule a name." } : {}) };
}

export function hasErrors(errors: DraftErrors): boolean {
  return errors.name !== undefined || Object.keys(errors.actions).length > 0;
}

function isValidInput(action: DraftAction): boolean {
  if (!hasInput(action) || !action.contentType.startsWith("application/json")) return true;
  try {
    readJson(action.input);
    return true;
  } catch {
    return false;
  }
}

/** The fields of a draft without errors. */
export function fieldsOf(draft: Draft): ScheduleFields {
  return { ...draft, name: draft.name.trim(), actions: draft.actions.map(createdAction) };
}

function createdAction(action: DraftAction): CreatedAction {
  if (action.type === "RUN_ACTOR") {
    const runInput = hasInput(action) ? { body: action.input, contentType: action.contentType } : null;
    return { type: action.type, actorId: action.targetId, runInput, runOptions: action.options };
  }
  return {
    type: action.type,
    actorTaskId: action.targetId,
    input: hasInput(action) ? (readJson(action.input) as TaskInput) : null,
  };
}

function hasInput({ input }: DraftAction): boolean {
  return input.trim() !== "";
}
