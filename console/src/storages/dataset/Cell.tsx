import { Check, Image, X } from "lucide-react";
import { MISSING, plural } from "@/format/numbers";
import { fullTime, shortTime } from "@/format/times";
import { isNested, isNumber, type Json } from "@/json/exact";
import type { CellFormat } from "./columns";
import styles from "./Dataset.module.css";

const URL_START = /^https?:\/\//;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/** One value of an item. A format of the view decides how it looks, if it fits the value. */
export function Cell({ value, format }: { value: Json | undefined; format: CellFormat }) {
  if (value === undefined) return <span className={styles.quiet}>{MISSING}</span>;
  if (value === null) return <span className={styles.quiet}>null</span>;
  if (typeof value === "boolean") return <Truth value={value} />;
  if (isNested(value)) return <span className={styles.nested}>{summaryOf(value)}</span>;
  if (isNumber(value)) return format === "date" ? <Time value={Number(value)} /> : String(value);
  if (format === "image") return <Picture url={value} />;
  if (format !== "text" && URL_START.test(value)) return <TextLink url={value} />;
  if (format === "date" || (format === null && TIMESTAMP.test(value))) return <Time value={value} />;
  return value;
}

function Truth({ value }: { value: boolean }) {
  const Icon = value ? Check : X;
  return (
    <span className={styles.truth}>
      <Icon aria-hidden />
      {String(value)}
    </span>
  );
}

function Time({ value }: { value: string | number }) {
  if (Number.isNaN(new Date(value).getTime())) return String(value);
  return <time title={`${value}, ${fullTime(value)}`}>{shortTime(value)}</time>;
}

function TextLink({ url }: { url: string }) {
  return (
    <a href={url} target="_blank" rel="noreferrer" title={url}>
      {url}
    </a>
  );
}

/** The console sends no request to other hosts, so that their images are links. */
function Picture({ url }: { url: string }) {
  if (url.startsWith("data:image/") || url.startsWith(`${location.origin}/`)) {
    return <img className={styles.picture} src={url} alt="" />;
  }
  return (
    <a className={styles.truth} href={url} target="_blank" rel="noreferrer" title={url}>
      <Image aria-hidden />
      Image
    </a>
  );
}

function summaryOf(value: Json[] | { [key: string]: Json }): string {
  if (Array.isArray(value)) return `[ ${plural(value.length, "element")} ]`;
  return `{ ${plural(Object.keys(value).length, "field")} }`;
}
