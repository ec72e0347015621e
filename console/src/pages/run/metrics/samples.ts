import type { Metrics } from "@/api/run";

/** One point of the curves, as an event reports it. */
export type Sample = { at: number; curves: Record<keyof NonNullable<Metrics["curves"]>, number | null> };

/** A time without samples is a gap from this length on, as on the server. */
const GAP_MILLIS = 8_000;

/** The curves with one more point. A sample that they already contain changes nothing. */
export function appendSample(metrics: Metrics, sample: Sample): Metrics {
  const { at, curves, gaps } = metrics;
  const last = at.at(-1) ?? metrics.startedAt;
  if (curves === null || sample.at <= last) return metrics;
  const names = Object.keys(curves) as (keyof typeof curves)[];
  const grown = Object.fromEntries(
    names.map((name) => {
      const { values, low, high } = curves[name];
      const value = sample.curves[name];
      const grow = (list: (number | null)[] | null) => (list === null ? null : [...list, value]);
      return [name, { values: [...values, value], low: grow(low), high: grow(high) }];
    }),
  ) as typeof curves;
  return {
    ...metrics,
    at: [...at, sample.at],
    curves: grown,
    samples: metrics.samples + 1,
    gaps: sample.at - last > GAP_MILLIS ? [...gaps, [last, sample.at]] : gaps,
  };
}
