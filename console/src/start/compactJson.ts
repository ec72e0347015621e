/** JSON for people: objects and arrays that fit into a line stay on one. */
import { isNested, type Json, type JsonObject, writeJson } from "@/json/exact";

const LINE = 64;
const SHORT = 32;

/** An input of its own lines, unless it is short. */
export function compactJson(value: JsonObject): string {
  const line = inOneLine(value);
  return line.length <= SHORT ? line : inLines(value, "");
}

function textOf(value: Json, indent: string): string {
  const line = inOneLine(value);
  return indent.length + line.length <= LINE ? line : inLines(value, indent);
}

function inLines(value: Json, indent: string): string {
  if (!isNested(value)) return writeJson(value);
  const inner = `${indent}  `;
  if (Array.isArray(value))
    return block(
      "[",
      value.map((each) => textOf(each, inner)),
      "]",
      indent,
    );
  const entries = Object.entries(value).map(([key, each]) => `${writeJson(key)}: ${textOf(each, inner)}`);
  return block("{", entries, "}", indent);
}

function block(open: string, items: string[], close: string, indent: string): string {
  return `${open}\n${items.map((each) => `${indent}  ${each}`).join(",\n")}\n${indent}${close}`;
}

/** `JSON.stringify` writes no spaces in one line. */
function inOneLine(value: Json): string {
  if (!isNested(value)) return writeJson(value);
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, each]) => `${writeJson(key)}: ${inOneLine(each)}`)
    .join(", ")}}`;
}
