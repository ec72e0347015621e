import { describe, expect, it } from "vitest";
import type { Report } from "@/api/doctor";
import { reportOf, summaryOf } from "@/pages/server/doctor/report";
import { partsOf } from "@/ui/Prose";

const CHECKS: Report["checks"] = [
  { area: "engine", name: "memory limit", verdict: "OK", found: "a container was killed at its limit", fix: null },
  { area: "host", name: "free disk", verdict: "FAIL", found: "1.0 GB are free", fix: "Run `greenroom prune`." },
  { area: "clients", name: "variables", verdict: "SKIP", found: "only in a terminal", fix: null },
];

describe("the doctor's report", () => {
  it("counts the worst results first", () => {
    expect(summaryOf(CHECKS)).toBe("1 failed, 1 OK, 1 skipped");
  });

  it("has a line for each check, and its fix below it", () => {
    const report: Report = { state: "FINISHED", startedAt: null, finishedAt: null, ok: false, checks: CHECKS };
    expect(reportOf(report).split("\n").slice(1)).toEqual([
      "OK       memory limit     a container was killed at its limit",
      "Failed   free disk        1.0 GB are free",
      "                          Run `greenroom prune`.",
      "Skipped  variables        only in a terminal",
      "1 failed, 1 OK, 1 skipped",
    ]);
  });

  it("has commands in backticks", () => {
    expect(partsOf("Run `greenroom prune`, or ``.")).toEqual([
      { text: "Run ", isCode: false },
      { text: "greenroom prune", isCode: true },
      { text: ", or ``.", isCode: false },
    ]);
  });
});
