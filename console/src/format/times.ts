/** Times and durations as text. */
import { MISSING } from "@/format/numbers";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Instant = string | number | Date;

/** The zone in which times are shown: that of the settings, or that of the browser. */
let zone: string | undefined;

export function setTimeZone(name: string | null): void {
  zone = name ?? undefined;
}

const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function timeZone(): string {
  return zone ?? browserZone;
}

/** A formatter takes long to create and is used for each line of a log. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatted(instant: Instant, options: Intl.DateTimeFormatOptions, inZone = timeZone()): string {
  const key = `${inZone} ${Object.entries(options)}`;
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat("en-GB", { ...options, timeZone: inZone });
  formatters.set(key, formatter);
  return formatter.format(new Date(instant));
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

/** `14:21:55`. */
export function clockTime(instant: Instant | null | undefined): string {
  return instant == null ? MISSING : formatted(instant, CLOCK);
}

/** `.403`, to follow a clock time. */
export function millisOf(instant: number): string {
  return `.${String(instant % SECOND).padStart(3, "0")}`;
}

/** `14:21:55` today, otherwise `24 Nov 14:21`, with the year if it is another. */
export function shortTime(instant: Instant | null | undefined, now: number = Date.now()): string {
  if (instant == null) return MISSING;
  const date: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };
  if (formatted(instant, date) === formatted(now, date)) return clockTime(instant);
  const isThisYear = formatted(instant, { year: "numeric" }) === formatted(now, { year: "numeric" });
  const day = formatted(instant, { day: "numeric", month: "short", ...(isThisYear ? {} : { year: "numeric" }) });
  return `${day} ${formatted(instant, { hour: "2-digit", minute: "2-digit" })}`;
}

/** `25 November 2026, 14:21:55`, for tooltips and details. */
export function fullTime(instant: Instant | null | undefined): string {
  if (instant == null) return MISSING;
  return `${formatted(instant, { day: "numeric", month: "long", year: "numeric" })}, ${clockTime(instant)}`;
}

/** The same in another zone, with the day of the week. */
export function fullTimeIn(instant: Instant, inZone: string): string {
  const day = formatted(instant, { weekday: "short", day: "numeric", month: "long", year: "numeric" }, inZone);
  return `${day}, ${formatted(instant, CLOCK, inZone)}`;
}

export function fullDate(instant: Instant): string {
  return formatted(instant, { day: "numeric", month: "long", year: "numeric" });
}

/** A duration in a table: `0.4s`, `41s`, `1m 12s`, `2h 05m`, `3d 04h`. */
export function duration(millis: number | null | undefined): string {
  if (millis == null) return MISSING;
  if (millis < 10 * SECOND) return `${trimmed(millis / SECOND)}s`;
  return parts(millis, ["s", "m", "h", "d"], "", " ");
}

/** A duration in a sentence: `0.4 s`, `41 s`, `1 min 12 s`, `2 h 5 min`. */
export function durationInWords(millis: number | null | undefined): string {
  if (millis == null) return MISSING;
  if (millis < 10 * SECOND) return `${trimmed(millis / SECOND)} s`;
  return parts(millis, ["s", "min", "h", "d"], " ", " ");
}

function trimmed(seconds: number): string {
  return String(Math.floor(seconds * 10) / 10);
}

function parts(millis: number, [s, min, h, d]: [string, string, string, string], gap: string, between: string): string {
  const pad = (value: number) => (gap === "" ? String(value).padStart(2, "0") : String(value));
  const pair = (large: number, largeUnit: string, small: number, smallUnit: string) =>
    `${large}${gap}${largeUnit}${between}${pad(small)}${gap}${smallUnit}`;
  if (millis < MINUTE) return `${Math.floor(millis / SECOND)}${gap}${s}`;
  if (millis < HOUR) return pair(Math.floor(millis / MINUTE), min, Math.floor((millis % MINUTE) / SECOND), s);
  if (millis < DAY) return pair(Math.floor(millis / HOUR), h, Math.floor((millis % HOUR) / MINUTE), min);
  return pair(Math.floor(millis / DAY), d, Math.floor((millis % DAY) / HOUR), h);
}

/** A position on the time axis of a run: `2:10`, `1:02:10`. */
export function offset(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / SECOND));
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return h > 0 ? `${h}:${two(min)}:${two(s)}` : `${min}:${two(s)}`;
}
