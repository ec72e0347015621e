/**
 * JSON whose numbers stay as they were written.
 *
 * `JSON.parse` turns 9007199254740993 into 9007199254740992, 1e400 into Infinity, and 1.0 into 1. An Actor may read all
 * three differently, so a value that the console sends back must have the numbers that its author wrote.
 */

export type Json = string | number | boolean | null | ExactNumber | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A number whose text is not what JavaScript writes for it. Other numbers are plain numbers. */
export class ExactNumber {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  /** The nearest number of JavaScript, to compare and to align. */
  valueOf(): number {
    return Number(this.#text);
  }

  /** Only `writeJson` writes exact numbers: `JSON.stringify` cannot. */
  toJSON(): string {
    return `${MARK}${this.#text}`;
  }
}

/** Begins texts that stand for exact numbers between two steps. No other text begins with it. */
const MARK = `exact:${crypto.getRandomValues(new Uint32Array(4)).join("-")}:`;
const MARKED = new RegExp(`"${MARK}([^"]*)"`, "g");

/** Throws SyntaxError, as `JSON.parse` does. */
export function readJson(text: string): Json {
  const plain = JSON.parse(text) as Json;
  const marked = markNumbers(text);
  return marked === null ? plain : (JSON.parse(marked, revive) as Json);
}

/** A valid JSON text with marked texts in place of exact numbers; null if it has none. */
function markNumbers(text: string): string | null {
  const pieces: string[] = [];
  const quoteOrNumber = /"|-?\d[\d.eE+-]*/g;
  let end = 0;
  for (let match = quoteOrNumber.exec(text); match !== null; match = quoteOrNumber.exec(text)) {
    const [token] = match;
    if (token === '"') quoteOrNumber.lastIndex = endOfString(text, match.index + 1);
    else if (!isPlain(token)) {
      pieces.push(text.slice(end, match.index), `"${MARK}${token}"`);
      end = quoteOrNumber.lastIndex;
    }
  }
  return pieces.length === 0 ? null : [...pieces, text.slice(end)].join("");
}

const [QUOTE, BACKSLASH] = [34, 92];

/** A pattern would overflow the stack on strings of megabytes. */
function endOfString(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) at += code === BACKSLASH ? 2 : 1;
  return at + 1;
}

export function writeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(MARKED, "$1");
}

/** A JSON text with indentation. Any other text, such as JSON Lines or a part of JSON, stays as it is. */
export function indentJson(text: string): string {
  try {
    return writeJson(readJson(text), 2);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** The number of a JSON text of one number. */
export function numberOf(text: string): number | ExactNumber {
  return isPlain(text) ? Number(text) : new ExactNumber(text);
}

export function isNumber(value: unknown): value is number | ExactNumber {
  return typeof value === "number" || value instanceof ExactNumber;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** Whether a value contains others. */
export function isNested(value: Json): value is Json[] | JsonObject {
  return Array.isArray(value) || isObject(value);
}

/** A value whose numbers are all plain ones, to calculate with them. */
export function approximate(value: Json): Json {
  if (value instanceof ExactNumber) return value.valueOf();
  if (Array.isArray(value)) return value.map(approximate);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, approximate(each)]));
}

/** Whether a value has a number that JavaScript would change. */
export function hasExactNumbers(value: Json): boolean {
  if (value instanceof ExactNumber) return true;
  return isNested(value) && Object.values(value).some(hasExactNumbers);
}

const SHORT_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;

function isPlain(number: string): boolean {
  return SHORT_INTEGER.test(number) || String(Number(number)) === number;
}

function revive(_key: string, value: unknown): unknown {
  return typeof value === "string" && value.startsWith(MARK) ? new ExactNumber(value.slice(MARK.length)) : value;
}
