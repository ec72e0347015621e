import { describe, expect, it } from "vitest";
import type { Fit, FitRun, FitSize } from "@/api/fits";
import { heightOf, spanOf, topOf } from "@/pages/actor/fit/bars";
import { changedLines } from "@/pages/actor/fit/Diff";
import { commandOf, draftOfFit, errorsOf, memoryAtOnce, newDraft, orderOf, runsOf } from "@/pages/actor/fit/order";
import { reportOf } from "@/pages/actor/fit/report";
import { isFlaky, resultOf, rowsOf, significant, timesOf, verdictOf } from "@/pages/actor/fit/rows";

const POSSIBLE = [128, 256, 512, 1024, 2048, 4096];
const DRAFT = newDraft(512, POSSIBLE);

const RUN = { input: 0, isProof: false, isDisturbed: false, status: "SUCCEEDED", memoryMbytes: 512 };
const run = (changes: Partial<FitRun>) => ({ ...RUN, ...changes }) as FitRun;
const SIZE = { input: 0, runs: 3, misses: 0, verdict: "fits", costUsd: 0.004, peakBytes: 1, isProven: false };
const size = (changes: Partial<FitSize>) => ({ ...SIZE, ...changes }) as FitSize;
const FIT = { status: "FINISHED", sweeps: true, wantedSizes: [256, 512, 1024, 2048], repeat: 3, strategy: "balanced" };
const fitOf = (changes: Partial<Fit>) =>
  ({ ...FIT, live: [], runs: [], sizes: [], inputs: [""], recommendation: null, ...changes }) as Fit;

describe("the order of a fit", () => {
  it("begins with the sizes around the default memory", () => {
    expect(DRAFT.sizes).toEqual([256, 512, 1024, 2048]);
    expect(newDraft(4096, POSSIBLE).sizes).toEqual([2048, 4096]);
  });

  it("counts runs, and the memory of the largest ones that may be live together", () => {
    expect(runsOf(DRAFT, 2)).toBe(24);
    expect(runsOf({ ...DRAFT, searches: true }, 1)).toBeNull();
    expect(memoryAtOnce(DRAFT, 1, POSSIBLE)).toBe(2048);
    expect(memoryAtOnce({ ...DRAFT, parallel: "4" }, 1, POSSIBLE)).toBe(3 * 2048 + 1024);
    expect(memoryAtOnce({ ...DRAFT, parallel: "100", repeat: "1" }, 1, POSSIBLE)).toBe(256 + 512 + 1024 + 2048);
    expect(memoryAtOnce({ ...DRAFT, searches: true }, 1, POSSIBLE)).toBe(4096);
  });

  it("rejects what the server would reject", () => {
    expect(errorsOf(DRAFT)).toEqual({});
    const wrong = errorsOf({ ...DRAFT, sizes: [], repeat: "0", parallel: "x", budgetMinutes: "-1", budgetUsd: "a" });
    expect(Object.keys(wrong)).toEqual(["sizes", "repeat", "parallel", "budgetMinutes", "budgetUsd"]);
  });

  it("is sent in the units of the API, and read back from a fit", () => {
    const draft = { ...DRAFT, budgetMinutes: "1.5" };
    const order = orderOf("A", draft, [{ label: "one", body: {} }]);
    expect(order).toMatchObject({ sizes: [256, 512, 1024, 2048], repeat: 3, budgetSecs: 90, budgetUsd: null });
    expect(draftOfFit(fitOf({ parallel: 1, budgetSecs: 90, budgetUsd: null }), POSSIBLE)).toEqual(draft);
  });

  it("is a command whose input the shell does not change", () => {
    const command = commandOf("crawler", { ...DRAFT, budgetUsd: "0.5" }, { text: "it's" });
    expect(command).toBe(
      `greenroom fit crawler -i '{"text":"it'\\''s"}' --sizes 256,512,1024,2048 --repeat 3 --strategy balanced --budget 0.5usd`,
    );
    expect(commandOf("./a b", { ...DRAFT, searches: true, repeat: "1", strategy: "smallest" }, null)).toBe(
      "greenroom fit './a b'",
    );
  });
});

describe("the report of a fit", () => {
  const sizes = [size({ memoryMbytes: 512, secs: 2, peakBytes: 300 * 1024 ** 2, computeUnits: 0.02 })];
  const runs = [run({ secs: 72 })];

  it("has the recommendation and a table for each input", () => {
    const recommendation = {
      memoryMbytes: 512,
      reason: "the best | balance",
      explanation: "More buys little.",
      isProven: true,
    };
    const report = reportOf(
      "crawler",
      fitOf({
        buildNumber: "0.0.4",
        createdAt: "2026-11-25T12:00:00Z",
        finishedAt: null,
        notes: ["A note."],
        recommendation: { ...recommendation, proofs: ["abc"] } as Fit["recommendation"],
        sizes: [...sizes, size({ memoryMbytes: 512, input: 1 })],
        runs,
        inputs: ["", "large | one"],
      }),
    );
    expect(report).toContain("# Memory of crawler\n\nBuild 0.0.4, strategy balanced");
    expect(report).toContain("**Use 512 MB.** The best | balance. More buys little. Proven by abc.");
    expect(report).toContain("| 512 MB | Fits | 1 min 12 s | 300 MB | – | 0.0200 | $0.0040 | 3 of 3 | Best balance");
    expect(report).toContain("## Input large | one\n\n| Memory |");
    expect(report).toContain("- A note.");
  });

  it("has the reason if there is no recommendation", () => {
    expect(reportOf("x", fitOf({ notes: [], advice: "Try more.", error: null }))).toContain("\n\nTry more.\n\n");
  });
});

describe("the rows of a fit", () => {
  it("take the times of runs that succeeded, and of disturbed ones only if there are no others", () => {
    expect(timesOf([run({ secs: 4 }), run({ secs: 2 }), run({ secs: 1, status: "FAILED" })])).toEqual({
      median: 3,
      low: 2,
      high: 4,
    });
    expect(timesOf([run({ secs: 9, isDisturbed: true }), run({ secs: 2 })])?.high).toBe(2);
    expect(timesOf([run({ secs: 9, isDisturbed: true })])?.median).toBe(9);
    expect(timesOf([run({ secs: 1, status: "FAILED" })])).toBeNull();
  });

  it("contain the sizes that wait only while the fit is live", () => {
    const sizes = [size({ memoryMbytes: 256 })];
    expect(rowsOf(fitOf({ sizes }), 0)).toHaveLength(1);
    const rows = rowsOf(fitOf({ sizes, status: "RUNNING" }), 0);
    expect(rows.map((row) => resultOf(row, true).text)).toEqual(["Fits", "Waiting", "Waiting", "Waiting"]);
  });

  it("count the runs of a flaky size that fitted", () => {
    const flaky = size({ memoryMbytes: 256, misses: 1, verdict: "failed" });
    expect(isFlaky(flaky)).toBe(true);
    const [row] = rowsOf(fitOf({ sizes: [flaky] }), 0);
    expect(row && resultOf(row, false)).toEqual({ status: "TIMED-OUT", text: "2 of 3 fit" });
  });

  it("compare each size with the recommended one", () => {
    const sizes = [
      size({ memoryMbytes: 256, misses: 3, verdict: "out of memory", secs: 38 }),
      size({ memoryMbytes: 512, costUsd: 0.0042 }),
      size({ memoryMbytes: 1024, costUsd: 0.004, isProven: true }),
      size({ memoryMbytes: 2048, costUsd: 0.0072 }),
    ];
    const runs = [
      run({ memoryMbytes: 512, secs: 151 }),
      run({ memoryMbytes: 1024, secs: 72 }),
      run({ memoryMbytes: 2048, secs: 65 }),
    ];
    const whole = fitOf({ sizes, runs, recommendation: { memoryMbytes: 1024 } as Fit["recommendation"] });
    const rows = rowsOf(whole, 0);
    expect(rows.map((row) => verdictOf(row, rows, whole))).toEqual([
      "Killed after 38 s: 256 MB is too small",
      "Smallest size that fits. 1 min 19 s slower at the same cost",
      "Best balance of time and cost, proven",
      "7 s faster, 1.8 times the cost",
    ]);
  });

  it("show small numbers with two significant digits", () => {
    expect([0.0421, 0.000115, 0.0000098, 0, null].map(significant)).toEqual([
      "0.0421",
      "0.00012",
      "0.0000098",
      "0.0000",
      "–",
    ]);
  });
});

describe("the bars of a chart", () => {
  const bar = (value: number | null, limit?: number) =>
    ({ label: "", text: "", look: "normal", value, ...(limit === undefined ? {} : { limit }) }) as const;

  it("leave room for labels, ranges and the limits that are near", () => {
    expect(topOf([bar(100)])).toBeCloseTo(112);
    expect(topOf([{ ...bar(100), range: { low: 90, high: 150 } }])).toBeCloseTo(168);
    expect(topOf([bar(100, 128), bar(100, 4096)])).toBeCloseTo(143.36);
    expect(topOf([bar(null), bar(0)])).toBe(1);
  });

  it("have heights in percent, and none for what is unknown or beyond the top", () => {
    expect([50, null, 201].map((value) => heightOf(value, 200))).toEqual([25, null, null]);
    expect(spanOf({ low: 50, high: 100 }, 200)).toEqual({ bottom: 25, height: 25 });
    expect(spanOf({ low: 50, high: 51 }, 200)).toBeNull();
  });
});

describe("the change of actor.json", () => {
  it("has only its changed lines", () => {
    const diff = '--- a/x\n+++ b/x\n@@ -1 +1 @@\n {\n-  "a": 1,\n+  "a": 2,\n }\n';
    expect(changedLines(diff).map(({ kind, text }) => [kind, text])).toEqual([
      ["removed", '"a": 1,'],
      ["added", '"a": 2,'],
    ]);
  });
});
