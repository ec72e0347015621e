import { isObject, readJson, writeJson } from "@/json/exact";
/** Items in files of JSON, JSON Lines or CSV. */

export class InvalidFile extends Error {}

/** The items in the text of a file. Throws InvalidFile with the line of the first error. */
export function parseItems(fileName: string, text: string): unknown[] {
  const content = text.replace(/^\uFEFF/, "");
  const extension = fileName.toLowerCase().split(".").at(-1);
  if (extension === "csv") return parseCsv(content);
  if (extension === "jsonl" || extension === "ndjson") return parseLines(content);
  return parseDocument(content);
}

function parseDocument(text: string): unknown[] {
  const value = parsed(text, "The file is not valid JSON");
  const items = Array.isArray(value) ? value : [value];
  const wrong = items.findIndex((item) => !isItem(item));
  if (wrong >= 0) throw new InvalidFile(`Element ${wrong + 1} of the file is not an object.`);
  return items;
}

function parseLines(text: string): unknown[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const item = parsed(line, `Line ${index + 1} is not valid JSON`);
    if (!isItem(item)) throw new InvalidFile(`Line ${index + 1} is not an object.`);
    return [item];
  });
}

function parsed(text: string, problem: string): unknown {
  try {
    return readJson(text);
  } catch (error) {
    throw new InvalidFile(`${problem}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isItem(value: unknown): boolean {
  return isObject(value);
}

/** The first row has the names of the fields. All values are texts, since CSV has no other type (RFC 4180). */
function parseCsv(text: string): unknown[] {
  const [names, ...rows] = csvRows(text);
  if (names === undefined) return [];
  if (new Set(names).size < names.length) throw new InvalidFile("Two columns of the first row have the same name.");
  return rows.map((row, index) => {
    if (row.length > names.length) {
      throw new InvalidFile(`Row ${index + 2} has ${row.length} values, but the first row has ${names.length} names.`);
    }
    return Object.fromEntries(row.map((value, column) => [names[column] ?? "", value]));
  });
}

const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const start = FIELD.lastIndex;
    const match = FIELD.exec(text);
    if (match === null) throw new InvalidFile(`Row ${rows.length + 1} has a quote that does not enclose its value.`);
    const [whole, quoted, plain = "", end = ""] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    const isLast = start + whole.length >= text.length;
    if (end === "," && !isLast) continue;
    if (end === ",") row.push("");
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}

const MAX_ITEMS = 1_000;
const MAX_CHARACTERS = 2_000_000;

/** Items in groups that each fit into one request. */
export function inBatches(items: unknown[]): unknown[][] {
  const batches: unknown[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const { length } = writeJson(item);
    const last = batches.at(-1);
    if (last === undefined || last.length >= MAX_ITEMS || size + length > MAX_CHARACTERS) {
      batches.push([item]);
      size = length;
    } else {
      last.push(item);
      size += length;
    }
  }
  return batches;
}
