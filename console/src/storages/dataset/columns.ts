/** Which columns a table of items has: those of a view of the dataset's schema, or all fields of the items. */
import type { Item } from "@/api/datasetItems";
import { isNested, isNumber, isObject, type Json, writeJson } from "@/json/exact";

/** How a view displays a field; null if the value itself decides. */
export type CellFormat = "text" | "number" | "date" | "link" | "boolean" | "image" | "array" | "object" | null;

export type FieldColumn = { field: string; label: string; format: CellFormat };

export type View = { id: string; title: string; columns: FieldColumn[]; isUnwound: boolean };

const FORMATS: readonly string[] = ["text", "number", "date", "link", "boolean", "image", "array", "object"];
const MAX_AUTOMATIC = 40;

/** The views that a dataset schema defines. Source: "Dataset schema specification" in Apify's documentation. */
export function viewsOf(schema: unknown): View[] {
  if (!isObject(schema) || !isObject(schema.views)) return [];
  return Object.entries(schema.views).flatMap(([id, view]) => (isObject(view) ? [viewOf(id, view)] : []));
}

function viewOf(id: string, view: { [key: string]: unknown }): View {
  const transformation = isObject(view.transformation) ? view.transformation : {};
  const display = isObject(view.display) ? view.display : {};
  const properties = isObject(display.properties) ? display.properties : {};
  const fields = texts(transformation.fields);
  const columns = (fields.length > 0 ? fields : Object.keys(properties)).map((field) =>
    columnOf(field, properties[field]),
  );
  const isUnwound = texts(transformation.unwind).length > 0;
  return { id, title: typeof view.title === "string" ? view.title : id, columns, isUnwound };
}

function columnOf(field: string, property: unknown): FieldColumn {
  const { label, format } = isObject(property) ? property : { label: undefined, format: undefined };
  return {
    field,
    label: typeof label === "string" ? label : field,
    format: typeof format === "string" && FORMATS.includes(format) ? (format as CellFormat) : null,
  };
}

function texts(value: unknown): string[] {
  const all = Array.isArray(value) ? value : [value];
  return all.filter((each) => typeof each === "string");
}

/** All columns that a page of items can show. Views without fields, and All fields, have those of the items. */
export function columnsOf(view: View | null, items: Item[]): FieldColumn[] {
  if (view && view.columns.length > 0) return view.columns;
  const fields = new Set(items.flatMap((item) => Object.keys(item)));
  return [...fields].map((field) => ({ field, label: field, format: null }));
}

/** The columns that the address names, or else the first ones. */
export function chosenColumns(all: FieldColumn[], chosen: string): FieldColumn[] {
  const names = chosen === "" ? null : new Set(parseNames(chosen));
  const found = names === null ? [] : all.filter(({ field }) => names.has(field));
  return found.length > 0 ? found : all.slice(0, MAX_AUTOMATIC);
}

/** Field names in one parameter of the address. A name can contain a comma. */
export function joinNames(fields: string[]): string {
  return fields.map(encodeURIComponent).join(",");
}

function parseNames(text: string): string[] {
  return text.split(",").flatMap((each) => {
    try {
      return [decodeURIComponent(each)];
    } catch {
      return []; // an address that was typed by hand
    }
  });
}

export function textOf(value: Json | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : writeJson(value);
}

/** The items with a value that contains the text, each with its index in the page. */
export function findItems(items: Item[], columns: FieldColumn[], text: string): [item: Item, index: number][] {
  const all = items.map((item, index): [Item, number] => [item, index]);
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return all;
  return all.filter(([item]) => columns.some(({ field }) => textOf(item[field]).toLowerCase().includes(wanted)));
}

const CHARACTER = 7.2;
const [NARROWEST, WIDEST] = [72, 420];

/** The width of a column in pixels, as wide as most of its values need. */
function widthOf({ field, label }: FieldColumn, items: Item[]): number {
  const lengths = items.map((item) => shownLength(item[field])).sort((a, b) => a - b);
  const usual = lengths[Math.floor(lengths.length * 0.9)] ?? 0;
  const needed = 24 + CHARACTER * Math.max(usual, label.length);
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, needed)));
}

function shownLength(value: Json | undefined): number {
  return value !== undefined && isNested(value) ? 14 : textOf(value).length;
}

/** Whether a column has only numbers, which are aligned at the right. */
function isNumeric({ field, format }: FieldColumn, items: Item[]): boolean {
  const values = items.map((item) => item[field]).filter((value) => value !== undefined && value !== null);
  if (format !== null && format !== "number") return false;
  return values.length > 0 && values.every(isNumber);
}

type SizedColumn = { column: FieldColumn; width: number; isNumber: boolean; grows: boolean };

/** The widths of columns, and their sum. The widest one without numbers takes the space that is left. */
export function sizeColumns(columns: FieldColumn[], items: Item[]): { columns: SizedColumn[]; width: number } {
  const sized = columns.map((column) => ({
    column,
    width: widthOf(column, items),
    isNumber: isNumeric(column, items),
  }));
  const texts = sized.filter(({ isNumber }) => !isNumber);
  const widest = Math.max(...texts.map(({ width }) => width));
  const growing = texts.find(({ width }) => width === widest) ?? sized.at(-1);
  return {
    columns: sized.map((each) => ({ ...each, grows: each === growing })),
    width: sized.reduce((sum, { width }) => sum + width, 0),
  };
}
