/**
 * Simple constraints of all fields, in the server's words.
 *
 * The server reports only the first violation of a schema's keywords. These checks add those of the other fields, so
 * that a user can correct all of them together. The server decides: if it accepts an input, these checks are not shown.
 */
import { isNumber, isObject, type Json, type JsonObject } from "@/json/exact";
import { editorOf, type FieldSchema, type InputSchema, isEncrypted } from "./schema";

export function checkInput(schema: InputSchema, input: JsonObject): Record<string, string> {
  const entries = Object.entries(schema.properties).flatMap(([name, field]): [string, string][] => {
    const isRequired = (schema.required ?? []).includes(name) && field.default === undefined;
    const wrong = checkField(field, input[name] ?? field.default, isRequired);
    if (wrong === null) return [];
    const [keyword, words] = wrong;
    return [[name, field.errorMessage?.[keyword] ?? `Field input.${name} ${words}`]];
  });
  return Object.fromEntries(entries);
}

type Violation = [keyword: string, words: string] | null;

function checkField(field: FieldSchema, value: Json | undefined, isRequired: boolean): Violation {
  if (value === undefined) return isRequired ? ["required", "is required"] : null;
  if (value === null || isEncrypted(value)) return null;
  if (isNumber(value)) return checkNumber(field, Number(value));
  if (typeof value === "string") return checkText(field, value);
  if (Array.isArray(value)) return checkSize(field, value.length, isRequired);
  return isObject(value) && editorOf(field) === "schemaBased" ? checkProperties(field, value) : null;
}

function checkNumber({ minimum, maximum }: FieldSchema, value: number): Violation {
  if (minimum !== undefined && value < minimum) return ["minimum", `must be >= ${minimum}`];
  if (maximum !== undefined && value > maximum) return ["maximum", `must be <= ${maximum}`];
  return null;
}

function checkText({ minLength, maxLength, pattern }: FieldSchema, value: string): Violation {
  const length = [...value].length;
  if (maxLength !== undefined && length > maxLength) {
    return ["maxLength", `must NOT have more than ${maxLength} characters`];
  }
  if (minLength !== undefined && length < minLength) {
    return ["minLength", `must NOT have fewer than ${minLength} characters`];
  }
  return pattern !== undefined && !matches(pattern, value) ? ["pattern", `must match pattern "${pattern}"`] : null;
}

function checkSize({ minItems, maxItems }: FieldSchema, length: number, isRequired: boolean): Violation {
  const least = Math.max(minItems ?? 0, isRequired ? 1 : 0);
  if (maxItems !== undefined && length > maxItems) return ["maxItems", `must NOT have more than ${maxItems} items`];
  return length < least ? ["minItems", `must NOT have fewer than ${least} items`] : null;
}

function checkProperties(field: FieldSchema, value: JsonObject): Violation {
  const missing = (field.required ?? []).find((name) => value[name] === undefined);
  return missing === undefined ? null : ["required", `is not complete: ${missing} is required`];
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true; // the server reports an invalid pattern
  }
}
