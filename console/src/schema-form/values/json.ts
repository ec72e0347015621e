import { parseJson } from "@/editor/jsonErrors";
import { type FieldSchema, isObject, type Json, typeOf } from "../schema";
import type { Parsed } from "./draft";

export function formatJson(value: Json | undefined): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** The value of a JSON text. An empty text stands for no value. */
export function parseJsonText(text: string, field: FieldSchema): Parsed {
  if (text.trim() === "") return { value: undefined };
  const { value, error } = parseJson(text);
  if (error !== null) return { problem: `Line ${error.line}: ${error.message}.` };
  const type = typeOf(field);
  const isFitting =
    type === "object"
      ? isObject(value) || isNullFor(field, value)
      : type === "array"
        ? Array.isArray(value) || isNullFor(field, value)
        : true;
  if (!isFitting) return { problem: type === "array" ? "Write an array: [ ... ]." : "Write an object: { ... }." };
  return { value: value as Json };
}

function isNullFor(field: FieldSchema, value: unknown): boolean {
  return value === null && field.nullable === true;
}
