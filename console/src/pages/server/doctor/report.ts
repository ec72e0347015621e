/** The results of the doctor as text. */
import type { Check, Report } from "@/api/doctor";
import { plural } from "@/format/numbers";
import { fullTime } from "@/format/times";

export const AREAS: readonly (readonly [Check["area"], string])[] = [
  ["engine", "Docker"],
  ["host", "This machine"],
  ["clients", "Clients"],
];

export const WORDS: Record<Check["verdict"], string> = { OK: "OK", WARN: "Warning", FAIL: "Failed", SKIP: "Skipped" };

const ORDER: readonly Check["verdict"][] = ["FAIL", "WARN", "OK", "SKIP"];

const COUNTED = { OK: "OK", FAIL: "failed", SKIP: "skipped" } as const;

/** `1 failed, 10 OK`, the worst first. */
export function summaryOf(checks: readonly Check[]): string {
  const counts = ORDER.map((verdict) => [verdict, checks.filter((check) => check.verdict === verdict).length] as const);
  return counts
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => (verdict === "WARN" ? plural(count, "warning") : `${count} ${COUNTED[verdict]}`))
    .join(", ");
}

const NAME_WIDTH = 16;
const WORD_WIDTH = 8;

/** The report for an issue or a colleague, with the same content as that of `greenroom doctor`. */
export function reportOf({ checks, finishedAt }: Report): string {
  const lines = checks.flatMap(({ verdict, name, found, fix }) => [
    `${WORDS[verdict].padEnd(WORD_WIDTH)} ${name.padEnd(NAME_WIDTH)} ${found}`,
    ...(fix ? [`${" ".repeat(WORD_WIDTH + NAME_WIDTH + 2)}${fix}`] : []),
  ]);
  return [`Greenroom doctor, ${fullTime(finishedAt)}`, ...lines, summaryOf(checks)].join("\n");
}
