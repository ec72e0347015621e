/** What the user entered in forms, by the id of the Actor or task, for as long as the page is open. */
import type { JsonObject } from "@/json/exact";
import type { RunOptions } from "./options";

export type Draft = { input: JsonObject; options: RunOptions };

const drafts = new Map<string, Draft>();

export function draftOf(id: string): Draft | undefined {
  return drafts.get(id);
}

/** Null forgets the draft. */
export function rememberDraft(id: string, draft: Draft | null): void {
  if (draft === null) drafts.delete(id);
  else drafts.set(id, draft);
}
