/** The settings of Standby as a form edits them: texts, of which an empty one resets its setting. */
import type { StandbySettings } from "@/api/standby";

const NUMBERS = ["desiredRequestsPerActorRun", "maxRequestsPerActorRun", "idleTimeoutSecs"] as const;
const SETTINGS = [...NUMBERS, "build", "memoryMbytes", "shouldPassActorInput", "disableStandbyFieldsOverride"] as const;

export type Setting = (typeof SETTINGS)[number];
export type Draft = Record<Setting, string>;
export type Errors = Partial<Record<Setting, string>>;

/** What a record has of its own. */
export function draftOf(own: StandbySettings | null | undefined): Draft {
  return Object.fromEntries(SETTINGS.map((name) => [name, textOf(own?.[name])])) as Draft;
}

function textOf(value: string | number | boolean | null | undefined): string {
  return value == null ? "" : String(value);
}

/** What the form itself can find. The server checks everything else. */
export function errorsOf(draft: Draft): Errors {
  const wrong = NUMBERS.filter((name) => !/^\d*$/.test(draft[name].trim()));
  return Object.fromEntries(wrong.map((name) => [name, "Write a whole number."]));
}

/** The settings of a draft without errors that differ from the stored ones. null resets a setting. */
export function changesOf(draft: Draft, stored: Draft): StandbySettings {
  const changed = SETTINGS.filter((name) => draft[name].trim() !== stored[name]);
  return Object.fromEntries(changed.map((name) => [name, settingValue(name, draft[name].trim())]));
}

function settingValue(name: Setting, text: string): string | number | boolean | null {
  if (text === "") return null;
  if (name === "build") return text;
  return text === "true" || text === "false" ? text === "true" : Number(text);
}

/** The setting that an error of the server is about: the first one that its message names. */
export function settingOf(message: string): Setting | undefined {
  const at = (name: Setting) => message.indexOf(name);
  return SETTINGS.filter((name) => at(name) >= 0).sort((a, b) => at(a) - at(b))[0];
}
