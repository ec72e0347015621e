import { describe, expect, it } from "vitest";
import type { Schedule } from "@/api/schedules";
import { draftOf, errorsOf, fieldsOf, hasErrors, newDraft } from "@/pages/schedules/draft";

const OPTIONS = { build: "latest", memoryMbytes: 512 };
const SCHEDULE: Schedule = {
  id: "s1",
  userId: "u1",
  name: "daily",
  cronExpression: "@daily",
  timezone: "UTC",
  isEnabled: true,
  isExclusive: false,
  createdAt: "2026-11-25T00:00:00Z",
  modifiedAt: "2026-11-25T00:00:00Z",
  actions: [
    {
      id: "a1",
      type: "RUN_ACTOR",
      actorId: "A",
      runInput: { body: '{"a": 1}', contentType: "application/json" },
      runOptions: OPTIONS,
    },
    { id: "a2", type: "RUN_ACTOR_TASK", actorTaskId: "T", input: null },
  ],
};

describe("the draft of a schedule", () => {
  it("changes nothing that the user did not change, options that the form does not show included", () => {
    const { actions } = fieldsOf(draftOf(SCHEDULE));
    expect(actions).toEqual(SCHEDULE.actions.map(({ id: _, ...action }) => action));
  });
  it("of a new schedule lacks a name and a target", () => {
    const draft = newDraft();
    const errors = errorsOf(draft);
    expect(errors.name).toBeDefined();
    expect(Object.keys(errors.actions)).toEqual(draft.actions.map((each) => each.key));
  });
  it("finds input that is not JSON, unless it has another type", () => {
    const draft = draftOf(SCHEDULE);
    const [first] = draft.actions;
    if (!first) throw new Error("no action");
    first.input = "{";
    expect(hasErrors(errorsOf(draft))).toBe(true);
    first.contentType = "text/plain";
    expect(hasErrors(errorsOf(draft))).toBe(false);
  });
});
