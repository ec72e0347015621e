/** Times and durations as text. */
import { MISSING } from "@/format/numbers";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Instant = string | number | Date;

/** The zone that the settings name, or null for that of the browser. */
let chosenZone: string | null = null;

export function setTimeZone(name: string | null): void {
  chosenZone = name;
}

/** The zone that the settings name, or null if times are those of the browser. */
export function chosenTimeZone(): string | null {
  return chosenZone;
}

/** The zone in which times are shown. */
export function timeZone(): string {
  return chosenZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** A time as a calendar and a clock show it. `month` begins at 0. */
type LocalTime = { year: number; month: number; day: number; hour: number; minute: number; second: number };

/** A time in a zone, or in that of the browser without `Intl`, whose first use in a page takes long. */
function localTime(instant: Instant, inZone: string | null = chosenZone): LocalTime {
  const at = new Date(instant);
  if (inZone !== null) return timeIn(inZone, at);
  return {
    year: at.getFullYear(),
    month: at.getMonth(),
    day: at.getDate(),
    hour: at.getHours(),
    minute: at.getMinutes(),
    second: at.getSeconds(),
  };
}

const NUMBERS: Intl.DateTimeFormatOptions = {
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
  hourCycle: "h23",
};

/** A formatter takes long to create and is used for each line of a log. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function timeIn(zone: string, at: Date): LocalTime {
  const formatter = formatters.get(zone) ?? new Intl.DateTimeFormat("en-GB", { ...NUMBERS, timeZone: zone });
  formatters.set(zone, formatter);
  const parts = Object.fromEntries(formatter.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month: month - 1, day, hour, minute, second };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function clockText({ hour, minute, second }: LocalTime): string {
  return `${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(second)}`;
}

function dateText({ day, month, year }: LocalTime): string {
  return `${day} ${MONTHS[month]} ${year}`;
}

/** `14:21:55`. */
export function clockTime(instant: Instant | null | undefined): string {
  return instant == null ? MISSING : clockText(localTime(instant));
}

/** `.403`, to follow a clock time. */
export function millisOf(instant: number): string {
  return `.${String(instant % SECOND).padStart(3, "0")}`;
}

/** `14:21:55` today, otherwise `24 Nov 14:21`, with the year if it is another. */
export function shortTime(instant: Instant | null | undefined, now: number = Date.now()): string {
  if (instant == null) return MISSING;
  const [at, present] = [localTime(instant), localTime(now)];
  if (dateText(at) === dateText(present)) return clockText(at);
  const year = at.year === present.year ? "" : ` ${at.year}`;
  const month = MONTHS[at.month]?.slice(0, 3);
  return `${at.day} ${month}${year} ${twoDigits(at.hour)}:${twoDigits(at.minute)}`;
}

/** `25 November 2026, 14:21:55`, for tooltips and details. */
export function fullTime(instant: Instant | null | undefined): string {
  if (instant == null) return MISSING;
  const at = localTime(instant);
  return `${dateText(at)}, ${clockText(at)}`;
}

/** `Wed, 25 November 2026, 14:21:55`: the same in another zone, with the day of the week. */
export function fullTimeIn(instant: Instant, inZone: string): string {
  const at = localTime(instant, inZone);
  const day = DAYS[new Date(Date.UTC(at.year, at.month, at.day)).getUTCDay()];
  return `${day}, ${dateText(at)}, ${clockText(at)}`;
}

export function fullDate(instant: Instant): string {
  return dateText(localTime(instant));
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
  const pad = (value: number) => (gap === "" ? twoDigits(value) : String(value));
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
  return h > 0 ? `${h}:${twoDigits(min)}:${twoDigits(s)}` : `${min}:${twoDigits(s)}`;
}
