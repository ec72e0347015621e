import { describe, expect, it } from "vitest";
import type { Explanation, Metrics, Report, Run } from "@/api/run";
import { placeMarkers } from "@/charts/markers";
import { lastAtOrBefore, nearest } from "@/charts/position";
import { factsOf } from "@/pages/run/facts";
import { chartCurves, markersOf, memoryTicks, niceMaximum } from "@/pages/run/metrics/curves";
import { appendSample, type Sample } from "@/pages/run/metrics/samples";
import { nextOf } from "@/pages/run/next";
import { riseOf } from "@/pages/run/rise";
import { defaultTab, tabOf } from "@/pages/run/tabs";

const MEBIBYTE = 1024 ** 2;
const NAMES = [
  "memoryBytes",
  "anonymousBytes",
  "kernelBytes",
  "sharedBytes",
  "cacheBytes",
  "limitBytes",
  "cpuCores",
  "grantedCores",
  "cpuShare",
  "throttledShare",
  "receivedPerSec",
  "sentPerSec",
  "diskBytes",
  "processes",
  "threads",
] as const;

function metricsOf(at: number[], values: Partial<Record<(typeof NAMES)[number], (number | null)[]>>): Metrics {
  const curve = (name: (typeof NAMES)[number]) => ({
    values: values[name] ?? at.map(() => null),
    low: null,
    high: null,
  });
  return {
    runId: "r",
    isLive: true,
    startedAt: 0,
    finishedAt: null,
    samples: at.length,
    samplesPerPoint: 1,
    sources: [],
    at,
    curves: Object.fromEntries(NAMES.map((name) => [name, curve(name)])) as NonNullable<Metrics["curves"]>,
    processes: [],
    events: [],
    gaps: [],
  };
}

describe("the curves of a run", () => {
  it("have the page cache on top, at most up to the limit, and nothing where nothing was measured", () => {
    const curves = chartCurves(
      metricsOf([1, 2, 3], {
        memoryBytes: [100 * MEBIBYTE, 500 * MEBIBYTE, null],
        cacheBytes: [50 * MEBIBYTE, 50 * MEBIBYTE, 50 * MEBIBYTE],
        limitBytes: [512 * MEBIBYTE, 512 * MEBIBYTE, 512 * MEBIBYTE],
        cpuShare: [0.5, null, 1],
      }),
    );
    expect(curves.withCache).toEqual([150, 512, null]);
    expect(curves.cpu).toEqual([50, null, 100]);
  });

  it("break in a gap", () => {
    const metrics = { ...metricsOf([0, 1000, 60_000], { cpuShare: [0.1, 0.2, 0.3] }), gaps: [[1000, 60_000]] };
    const { at, cpu } = chartCurves(metrics);
    expect([at, cpu.map((value) => value?.toFixed(0))]).toEqual([
      [0, 1000, 30_500, 60_000],
      ["10", "20", undefined, "30"],
    ]);
  });

  it("grow with samples, each once, and notice gaps", () => {
    const sample = (at: number): Sample => ({
      at,
      curves: Object.fromEntries(NAMES.map((name) => [name, 7])) as Sample["curves"],
    });
    const once = appendSample(metricsOf([1000], { threads: [3] }), sample(2000));
    expect([once.at, once.curves?.threads.values, once.gaps]).toEqual([[1000, 2000], [3, 7], []]);
    expect(appendSample(once, sample(2000))).toBe(once);
    expect(appendSample(once, sample(20_000)).gaps).toEqual([[2000, 20_000]]);
  });

  it("have axes with round numbers, and the limit as a tick", () => {
    expect(memoryTicks(512)).toEqual([0, 128, 256, 384, 512]);
    expect([niceMaximum([220], 10), niceMaximum([], 10), niceMaximum([null, 118], 110)]).toEqual([300, 15, 150]);
  });
});

describe("the markers of a run", () => {
  it("stand on the axis, also if the kill was recorded a moment after the last sample", () => {
    const metrics = { ...metricsOf([0, 900], {}), finishedAt: 1000, events: [{ at: 1020, kind: "oom-kill" as const }] };
    const run = { status: "FAILED" } as Run;
    expect(markersOf(metrics, run, 1000)).toEqual([{ at: 1000, label: "Out of memory", isBad: true }]);
  });
});

describe("the markers of a chart", () => {
  const place = (markers: [at: number, label: string, isBad?: boolean][]) =>
    placeMarkers(
      markers.map(([at, label, isBad = false]) => ({ at, label, isBad })),
      (at) => at,
      [0, 100],
      (label) => label.length * 10,
    ).map(({ label, x, labelX }) => [label, x, labelX]);

  it("have their labels at the right, and inward at the edge", () => {
    expect(
      place([
        [10, "ab"],
        [95, "cd"],
      ]),
    ).toEqual([
      ["ab", 10, 10],
      ["cd", 95, 75],
    ]);
  });
  it("leave out a label without room, but never that of the worse marker", () => {
    expect(
      place([
        [60, "abcd"],
        [62, "efgh", true],
      ]),
    ).toEqual([
      ["abcd", 60, null],
      ["efgh", 62, 22],
    ]);
  });
  it("outside of the zoomed part are not drawn", () => {
    expect(
      place([
        [-20, "ab"],
        [140, "cd"],
      ]),
    ).toEqual([]);
  });
});

describe("the shared cursor", () => {
  it("finds the times around it", () => {
    expect([lastAtOrBefore([10, 20], 9), lastAtOrBefore([10, 20], 10), lastAtOrBefore([10, 20], 99)]).toEqual([
      -1, 0, 1,
    ]);
    expect([nearest([10, 20], 16), nearest([10, 20], -5), nearest([], 5)]).toEqual([1, 0, -1]);
  });
});

describe("the rise of the memory", () => {
  it("begins where the curve leaves its last plateau", () => {
    const values = [10, 300, 100, 100, 102, 100, 200, 300, 400, 500];
    const at = values.map((_, index) => index * 1000);
    expect(riseOf(at, values, 512)).toMatchObject({ from: 5000, to: 9000, perSec: 100 });
  });
  it("is none if the curve is flat", () => {
    expect(riseOf([0, 5000, 10_000], [100, 110, 120], 512)).toBe(null);
    expect(riseOf([], [], 512)).toBe(null);
  });
});

const MEASURED = { value: 1, basis: "measured", isLowerBound: false } as const;
const UNKNOWN = { value: null, basis: null, isLowerBound: false } as const;

function reportOf(changes: Partial<Report>): Report {
  return {
    memory: {
      limitBytes: 512 * MEBIBYTE,
      peakBytes: { value: 402 * MEBIBYTE, basis: "measured", isLowerBound: false },
    },
    cpu: { shareOfGrant: MEASURED, throttledShare: MEASURED },
    items: MEASURED,
    durationSecs: 10,
    network: { receivedBytes: MEASURED, sentBytes: MEASURED },
    disk: { limitBytes: MEBIBYTE, enforcement: "polled", peakBytes: MEASURED },
    cost: { totalUsd: MEASURED, computeUnits: MEASURED },
    events: [],
    restarts: {},
    ...changes,
  } as unknown as Report;
}

describe("the facts of a run", () => {
  const shown = (report: Report, id: string) => factsOf(report, undefined).find((fact) => fact.id === id)?.value;
  it("show a peak that the limit cut off as a lower bound", () => {
    const cut = { value: 511 * MEBIBYTE, basis: "measured", isLowerBound: true };
    const report = reportOf({ memory: { limitBytes: 512 * MEBIBYTE, peakBytes: cut } as Report["memory"] });
    expect([shown(reportOf({}), "memory"), shown(report, "memory")]).toEqual(["402 of 512 MB", "≥ 512 of 512 MB"]);
  });
  it("are dashes where nothing was measured", () => {
    const report = reportOf({
      items: UNKNOWN,
      cpu: { shareOfGrant: UNKNOWN, throttledShare: UNKNOWN } as Report["cpu"],
      network: { receivedBytes: UNKNOWN, sentBytes: UNKNOWN } as Report["network"],
    });
    expect(["items", "cpu", "network", "requests"].map((id) => shown(report, id))).toEqual(["–", "–", "–", "–"]);
  });
  it("name the kinds of restarts", () => {
    const facts = factsOf(reportOf({ restarts: { migrations: 1, reboots: 2, metamorphs: 0 } }), undefined);
    expect(facts.at(-1)).toMatchObject({ value: "3", note: "1 migration, 2 reboots" });
  });
});

describe("what to do next", () => {
  const run = { options: { memoryMbytes: 512 } } as Run;
  const labels = (command: string) => {
    const { primary, secondary } = nextOf({ command } as Explanation, run);
    return [primary.label, secondary.label];
  };
  it.each([
    ["greenroom run ./crawler --memory 1024", ["Start again with 1024 MB", "Find the right size"]],
    ["greenroom call crawler --timeout 600", ["Start again with 10 min 0 s", "Resurrect"]],
    ["greenroom resurrect RUN", ["Resurrect", "Start again"]],
    ["greenroom logs RUN", ["Start again", "Resurrect"]],
  ])("follows %s", (command, expected) => expect(labels(command)).toEqual(expected));
});

describe("the tabs of a run", () => {
  it("open by their fragments and aliases", () => {
    expect(["log", "metrics", "live-view", "nothing"].map((fragment) => tabOf(fragment)?.id)).toEqual([
      "log",
      "log",
      "web-server",
      undefined,
    ]);
    expect(["RUNNING", "FAILED", "SUCCEEDED"].map((status) => defaultTab({ status } as Run))).toEqual([
      "log",
      "log",
      "output",
    ]);
  });
});
