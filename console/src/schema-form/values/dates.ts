import type { Json } from "@/json/exact";
import type { FieldSchema } from "../schema";

export const UNITS = ["day", "week", "month", "year"] as const;
export type Unit = (typeof UNITS)[number];

export type DateDraft =
  | { kind: "absolute"; date: string }
  | { kind: "relative"; amount: string; unit: Unit }
  /** Another text that the schema accepts, such as a time. */
  | { kind: "text"; text: string };

const ABSOLUTE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const RELATIVE = /^(\d+)\s*(day|week|month|year)s?$/;

export function formatDate(value: Json | undefined, dateType: FieldSchema["dateType"]): DateDraft {
  const text = typeof value === "string" ? value : "";
  const relative = RELATIVE.exec(text);
  if (relative) return { kind: "relative", amount: relative[1] ?? "", unit: relative[2] as Unit };
  if (ABSOLUTE.test(text)) return { kind: "absolute", date: text };
  if (text !== "") return { kind: "text", text };
  return dateType === "relative" ? { kind: "relative", amount: "", unit: "day" } : { kind: "absolute", date: "" };
}

/** `3 days`, `1 week`, `2026-11-01`, or no value. */
export function parseDate(draft: DateDraft): { value: string | undefined } | { problem: string } {
  if (draft.kind === "absolute") return { value: draft.date || undefined };
  if (draft.kind === "text") return { value: draft.text || undefined };
  const amount = draft.amount.trim();
  if (amount === "") return { value: undefined };
  if (!/^\d+$/.test(amount)) return { problem: `"${amount}" is not a whole number. Write one such as 3.` };
  return { value: `${Number(amount)} ${draft.unit}${Number(amount) === 1 ? "" : "s"}` };
}
