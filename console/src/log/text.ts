/** What a raw line of a log consists of: its time, its level, the name of its logger, and text with colors. */
import Anser from "anser";
import type { LogLine } from "./lines";

type Span = { text: string; color?: string | undefined; isBold?: boolean; isDim?: boolean };
type ParsedLine = { at: number | null; level: LogLine["level"]; logger: string; spans: Span[]; plain: string };

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) /;
/** What the loggers of the SDKs put before a message; the level has a column of its own. */
const PREFIX = /^(?:\[([^\]\n]{1,100})\] +)?(?:ERROR|WARN|INFO|DEBUG|CRITICAL|FATAL|WARNING|PERF)\b:? {0,2}/;
const JAVASCRIPT_LOGGER = /^([A-Z][\w.]{2,60}):(?= )/;
const MESSAGE_OF_PLATFORM = /^ACTOR: |^Greenroom: /;

const COLORS: Record<string, string> = {
  "ansi-black": "--text-3",
  "ansi-bright-black": "--text-3",
  "ansi-red": "--failed",
  "ansi-bright-red": "--failed",
  "ansi-green": "--succeeded",
  "ansi-bright-green": "--succeeded",
  "ansi-yellow": "--timed-out",
  "ansi-bright-yellow": "--timed-out",
  "ansi-blue": "--running",
  "ansi-bright-blue": "--running",
  "ansi-magenta": "--chart-net-out",
  "ansi-bright-magenta": "--chart-net-out",
  "ansi-cyan": "--link",
  "ansi-bright-cyan": "--link",
};

const parsed = new WeakMap<LogLine, ParsedLine>();

/** The parts of a line. They are computed once for each line. */
export function parseLine(line: LogLine): ParsedLine {
  const known = parsed.get(line);
  if (known) return known;
  const result = parse(line);
  parsed.set(line, result);
  return result;
}

/** The time of a line in milliseconds since 1970; null if it has none. */
export function timeOf(text: string): number | null {
  const found = TIME.exec(text);
  return found?.[1] === undefined ? null : Date.parse(found[1]);
}

/** A line as it is copied: without colors, and without its time if it is not wanted. */
export function plainText(text: string, withTime: boolean): string {
  const plain = Anser.ansiToText(text);
  return withTime ? plain : plain.replace(TIME, "");
}

function parse({ text, level }: LogLine): ParsedLine {
  const spans = spansOf(text.replace(TIME, ""));
  const plain = spans.map((span) => span.text).join("");
  const [prefix, logger] = prefixOf(plain, level);
  return { at: timeOf(text), level, logger, spans: withoutStart(spans, prefix), plain: plain.slice(prefix) };
}

function prefixOf(plain: string, level: LogLine["level"]): [length: number, logger: string] {
  if (level === null) return [0, ""];
  if (level === "SYS") return [MESSAGE_OF_PLATFORM.exec(plain)?.[0].length ?? 0, ""];
  const found = PREFIX.exec(plain);
  if (found === null) return [0, ""];
  if (found[1] !== undefined) return [found[0].length, found[1]];
  const named = JAVASCRIPT_LOGGER.exec(plain.slice(found[0].length));
  return named?.[1] === undefined ? [found[0].length, ""] : [found[0].length + named[0].length + 1, named[1]];
}

function spansOf(text: string): Span[] {
  if (!text.includes("\u001b")) return [{ text }];
  return Anser.ansiToJson(text, { use_classes: true, json: true, remove_empty: true }).map((each) => ({
    text: each.content,
    color: COLORS[each.fg],
    isBold: each.decorations.includes("bold"),
    isDim: each.decorations.includes("dim"),
  }));
}

function withoutStart(spans: Span[], length: number): Span[] {
  let rest = length;
  return spans.flatMap((span) => {
    const cut = Math.min(rest, span.text.length);
    rest -= cut;
    return cut === span.text.length ? [] : [{ ...span, text: span.text.slice(cut) }];
  });
}

/** Where a search text occurs in a line. */
export function matchesIn(plain: string, query: string): [start: number, end: number][] {
  if (query === "") return [];
  const found: [number, number][] = [];
  const [where, what] = [plain.toLowerCase(), query.toLowerCase()];
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + what.length)) {
    found.push([at, at + what.length]);
  }
  return found;
}

export type MarkedSpan = Span & { isMatch: boolean };

/** The spans of a line, divided where matches begin and end. */
export function markMatches(spans: Span[], matches: [number, number][]): MarkedSpan[] {
  if (matches.length === 0) return spans.map((span) => ({ ...span, isMatch: false }));
  const edges = matches.flat();
  let start = 0;
  return spans.flatMap((span) => {
    const end = start + span.text.length;
    const cuts = [start, ...edges.filter((edge) => edge > start && edge < end), end];
    const pieces = cuts.slice(0, -1).map((cut, index) => ({
      ...span,
      text: span.text.slice(cut - start, (cuts[index + 1] ?? end) - start),
      isMatch: matches.some(([from, to]) => cut >= from && cut < to),
    }));
    start = end;
    return pieces;
  });
}
