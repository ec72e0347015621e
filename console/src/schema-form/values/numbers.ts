import { isNumber, type Json, numberOf, writeJson } from "@/json/exact";
import type { FieldSchema } from "../schema";
import { typeOf } from "../schema";
import type { Parsed } from "./draft";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

const PARTS = /^\+?(-?)(\d*)(\.?\d*)(e[+-]?\d+)?$/i;

export function formatNumber(value: Json | undefined): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : writeJson(value);
}

/** An empty text stands for no value. Spaces and underscores between digits are left out; the digits stay as written. */
export function parseNumber(text: string, field: FieldSchema): Parsed {
  const digits = text.trim().replace(/(?<=\d)[ _](?=\d)/g, "");
  if (digits === "") return { value: undefined };
  if (!NUMBER.test(digits)) {
    return { problem: `"${text.trim()}" is not a number. Write digits, such as ${exampleOf(field)}.` };
  }
  const value = numberOf(asJson(digits));
  if (!Number.isFinite(Number(value))) return { problem: `${digits} is too large for a number.` };
  if (typeOf(field) === "integer" && !Number.isInteger(Number(value))) {
    return { problem: `${digits} is not a whole number. Write one such as ${Math.round(Number(value))}.` };
  }
  return { value };
}

/** JSON has no plus sign, no leading zeros, and a digit on both sides of a point. */
function asJson(digits: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = ""] = PARTS.exec(digits) ?? [];
  return `${sign}${whole.replace(/^0+(?=\d)/, "") || "0"}${fraction === "." ? "" : fraction}${exponent}`;
}

function exampleOf(field: FieldSchema): string {
  const example = field.example ?? field.prefill ?? field.default ?? field.minimum;
  return isNumber(example) ? String(example) : "10";
}
