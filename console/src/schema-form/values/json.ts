import { parseJson } from "@/editor/jsonErrors";
import { isObject, type Json, writeJson } from "@/json/exact";
import { type FieldSchema, typeOf } from "../schema";
import type { Parsed } from "./draft";

export function formatJson(value: Json | undefined): string {
  return value === undefined ? "" : writeJson(value, 2);
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
  return { value };
}

function isNullFor(field: FieldSchema, value: unknown): boolean {
  return value === null && field.nullable === true;
}
