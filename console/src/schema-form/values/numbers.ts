import type { FieldSchema, Json } from "../schema";
import { typeOf } from "../schema";
import type { Parsed } from "./draft";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

export function formatNumber(value: Json | undefined): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

/** An empty text stands for no value. Spaces and underscores between digits are left out. */
export function parseNumber(text: string, field: FieldSchema): Parsed {
  const digits = text.trim().replace(/(?<=\d)[ _](?=\d)/g, "");
  if (digits === "") return { value: undefined };
  const value = Number(digits);
  if (!NUMBER.test(digits) || !Number.isFinite(value)) {
    return { problem: `"${text.trim()}" is not a number. Write digits, such as ${exampleOf(field)}.` };
  }
  if (typeOf(field) === "integer" && !Number.isInteger(value)) {
    return { problem: `${digits} is not a whole number. Write one such as ${Math.round(value)}.` };
  }
  return { value };
}

function exampleOf(field: FieldSchema): number {
  const example = field.example ?? field.prefill ?? field.default ?? field.minimum;
  return typeof example === "number" ? example : 10;
}
