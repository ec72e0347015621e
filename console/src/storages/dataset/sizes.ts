/** How large the files of an export will be, estimated from one page of items. */
import type { Format, Item } from "@/api/datasetItems";
import { isNested, type Json, writeJson } from "@/json/exact";
import { textOf } from "./columns";

/** What an Excel file needs for a value of a CSV file: it is compressed, but has more around each value. */
const EXCEL_SHARE = 0.6;
const EXCEL_EMPTY = 4_500;

/** Bytes of each format for all items. Null for a page without items, which nothing can be estimated from. */
export function estimateSizes(items: Item[], total: number): Record<Format, number> | null {
  if (items.length === 0) return null;
  const fields = [...new Set(items.flatMap((item) => Object.keys(item)))];
  const share = total / items.length;
  const header = fields.join(",").length + 2;
  const of = (size: (item: Item) => number) => items.reduce((sum, item) => sum + size(item), 0) * share;
  const csv = header + of((item) => fields.reduce((sum, field) => sum + cellBytes(item[field]) + 1, 1));
  const json = of((item) => bytesOf(writeJson(item)) + 2);
  const xml = of((item) => 14 + xmlBytes(item));
  const html = of((item) => fields.reduce((sum, field) => sum + cellBytes(item[field]) + 9, 10));
  return { csv, xlsx: EXCEL_EMPTY + csv * EXCEL_SHARE, json, jsonl: json, xml, html, rss: xml };
}

const encoder = new TextEncoder();

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** A nested value is one column for each of its leaves; their names are in the header. */
function cellBytes(value: Json | undefined): number {
  if (value === undefined || value === null) return 0;
  return isNested(value)
    ? Object.values(value).reduce<number>((sum, each) => sum + cellBytes(each) + 1, 0)
    : bytesOf(textOf(value));
}

function xmlBytes(value: Json): number {
  if (!isNested(value)) return bytesOf(textOf(value));
  return Object.entries(value).reduce((sum, [name, each]) => sum + 2 * name.length + 5 + xmlBytes(each), 0);
}
