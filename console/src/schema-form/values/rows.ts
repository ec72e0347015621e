/** Lists with one row per item: addresses, patterns, texts, and pairs of key and value. */
import { isObject, type Json, type JsonObject, writeJson } from "@/json/exact";

/** A row of a list. `rest` are the other properties of its item; null if the item is a plain text. */
export type Row = {
  id: number;
  text: string;
  second: string;
  rest: JsonObject | null;
  key: string;
  /** The item that the row began with. It stays as it is while the row shows it. */
  origin?: { item: Json; row: Row };
};

export type RowKind = "requestListSources" | "globs" | "pseudoUrls" | "stringList" | "keyValue";

/** The properties of an item that rows show: the first that it has. */
const TEXT_KEYS: Record<RowKind, readonly string[]> = {
  requestListSources: ["url", "requestsFromUrl"],
  globs: ["glob"],
  pseudoUrls: ["purl"],
  keyValue: ["key"],
  stringList: [],
};

let nextId = 1;

export function newRow(kind: RowKind, text = "", key = TEXT_KEYS[kind][0] ?? ""): Row {
  return { id: nextId++, text, second: "", rest: kind === "stringList" ? null : {}, key };
}

/** The rows of a list. A list without items has one empty row, so that there is a place to type. */
export function formatRows(kind: RowKind, value: Json | undefined): Row[] {
  const rows = Array.isArray(value) ? value.map((item) => withOrigin(rowOf(kind, item), item)) : [];
  return rows.length === 0 ? [newRow(kind)] : rows;
}

function withOrigin(row: Row, item: Json): Row {
  return { ...row, origin: { item, row } };
}

function isUntouched({ origin, text, second, rest }: Row): boolean {
  return origin !== undefined && origin.row.text === text && origin.row.second === second && origin.row.rest === rest;
}

function rowOf(kind: RowKind, item: Json): Row {
  if (!isObject(item)) return { ...newRow(kind, typeof item === "string" ? item : writeJson(item)), rest: null };
  const key = TEXT_KEYS[kind].find((each) => each in item) ?? TEXT_KEYS[kind][0] ?? "";
  const { [key]: text, ...others } = item;
  if (kind !== "keyValue") return { ...newRow(kind, asText(text), key), rest: others };
  const { value, ...rest } = others;
  return { ...newRow(kind, asText(text), key), second: asText(value), rest };
}

/**
 * The items of rows, without those that the user left empty. If none is left, there is no value; an empty row alone does
 * not change a null or an empty list.
 */
export function parseRows(kind: RowKind, rows: readonly Row[], before?: Json): Json | undefined {
  const items = rows
    .filter((row) => isUntouched(row) || row.text.trim() !== "" || row.second.trim() !== "")
    .map((row) => item(kind, row));
  if (items.length > 0) return items;
  return before === null || (Array.isArray(before) && before.length === 0) ? before : undefined;
}

function item(kind: RowKind, row: Row): Json {
  if (row.origin && isUntouched(row)) return row.origin.item;
  const text = kind === "stringList" ? row.text : row.text.trim();
  if (row.rest === null) return text;
  if (kind === "keyValue") return { [row.key]: text, value: row.second, ...row.rest };
  return { [row.key]: text, ...row.rest };
}

function asText(value: Json | undefined): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : writeJson(value);
}

/** The text of all rows, one per line, to edit them together. */
export function linesOf(kind: RowKind, rows: readonly Row[]): string {
  const shown = rows.filter(({ text, second }) => text !== "" || second !== "");
  return shown.map(({ text, second }) => (kind === "keyValue" ? `${text}: ${second}` : text)).join("\n");
}

/** The rows of edited lines. An unchanged line has the other properties of its item. */
export function rowsOfLines(kind: RowKind, text: string, before: readonly Row[]): Row[] {
  const unused = [...before];
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const rows = lines.map((line): Row => {
    const [first, second] = kind === "keyValue" ? pairOf(line) : [kind === "stringList" ? line : line.trim(), ""];
    const known = unused.findIndex((row) => row.text === first);
    const [row] = known < 0 ? [newRow(kind)] : unused.splice(known, 1);
    return { ...(row ?? newRow(kind)), text: first, second };
  });
  return rows.length === 0 ? [newRow(kind)] : rows;
}

function pairOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line.trim(), ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

const URL_IN_TEXT = /https?:\/\/[^\s"'<>,;|]+/gi;

/** What a file adds to a list: each URL in it, or each line of a file without URLs. */
export function textsOfFile(kind: RowKind, content: string): string[] {
  const urls =
    kind === "stringList" || kind === "keyValue" ? [] : [...content.matchAll(URL_IN_TEXT)].map(([url]) => url);
  const lines = content.split(/\r?\n/).filter((line) => line.trim() !== "");
  return urls.length > 0 ? [...new Set(urls)] : lines;
}
