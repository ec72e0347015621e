import { useMemo } from "react";
import type { Metrics, Run } from "@/api/run";
import { Chart } from "@/charts/Chart";
import type { Series } from "@/charts/plot";
import type { SharedPosition } from "@/charts/position";
import { cores } from "@/format/numbers";
import { offset } from "@/format/times";
import {
  type ChartCurves,
  chartCurves,
  cpuMaximum,
  cpuTicks,
  highest,
  markersOf,
  memoryTicks,
  niceMaximum,
} from "./curves";
import styles from "./MetricCharts.module.css";

type Props = { run: Run; metrics: Metrics; end: number; position: SharedPosition };

const ROOM_ABOVE_LIMIT = 1.02;

/** Memory, CPU and network over the time of a run. */
export function MetricCharts({ run, metrics, end, position }: Props) {
  const curves = useMemo(() => chartCurves(metrics), [metrics]);
  const markers = useMemo(() => markersOf(metrics, run, end), [metrics, run, end]);
  const common = { at: curves.at, markers, gaps: curves.gaps, start: metrics.startedAt, end, position };
  const limit = Math.max(run.options.memoryMbytes ?? 0, ...curves.limit.map((value) => value ?? 0));
  const cpuMax = cpuMaximum(curves.cpu);
  const network = niceMaximum([...curves.received, ...curves.sent], 10);
  return (
    <div className={styles.charts}>
      <div className={styles.large}>
        <Chart
          {...common}
          title="Memory, MB"
          summary={memorySummary(curves, metrics.startedAt, limit)}
          series={memorySeries(curves)}
          hasLabels
          hasTime
          ticks={memoryTicks(limit)}
          yMax={limit * ROOM_ABOVE_LIMIT}
          height={248}
        />
      </div>
      <div className={styles.small}>
        <Chart
          {...common}
          title={`CPU, % of ${cores(run.options.memoryMbytes ?? 0)}`}
          summary={cpuSummary(curves)}
          series={cpuSeries(curves)}
          hasLabels={false}
          ticks={cpuTicks(cpuMax)}
          yMax={cpuMax * ROOM_ABOVE_LIMIT}
          height={112}
        />
        <Chart
          {...common}
          title="Network, kB/s"
          summary={networkSummary(curves)}
          series={networkSeries(curves)}
          hasLabels={false}
          ticks={[0, network / 2, network]}
          yMax={network * ROOM_ABOVE_LIMIT}
          height={112}
        />
      </div>
    </div>
  );
}

const whole = (value: number | null | undefined) => (value == null ? "" : String(Math.round(value)));

function memorySeries({ memory, withCache, cache, limit }: ChartCurves): Series[] {
  return [
    { label: "Process", color: "--chart-memory", values: memory, fill: 0.18, width: 1.75, show: whole },
    {
      label: "Page cache, reclaimable",
      color: "--chart-cache",
      values: withCache,
      shown: cache,
      dash: [3, 3],
      fill: 0.07,
      show: whole,
    },
    { label: "Limit", color: "--chart-limit", values: limit, dash: [5, 4], show: whole },
  ];
}

function cpuSeries({ at, cpu, throttled }: ChartCurves): Series[] {
  return [
    { label: "Used", color: "--chart-cpu", values: cpu, show: whole },
    { label: "Throttled", color: "--chart-throttled", values: throttled, fill: 0.22, show: whole },
    {
      label: "Grant",
      color: "--chart-limit",
      values: at.map(() => 100),
      dash: [5, 4],
      width: 1,
      isUnlisted: true,
      show: whole,
    },
  ];
}

function networkSeries({ received, sent }: ChartCurves): Series[] {
  return [
    { label: "In", color: "--chart-memory", values: received, show: whole },
    { label: "Out", color: "--chart-net-out", values: sent, dash: [4, 2], show: whole },
  ];
}

function memorySummary({ at, memory }: ChartCurves, start: number, limit: number): string {
  const peak = highest(at, memory);
  if (peak === null) return "No memory was measured.";
  return `The highest measured memory is ${whole(peak.value)} MB of ${limit} MB, at ${offset(peak.at - start)}.`;
}

function cpuSummary({ at, cpu, throttled }: ChartCurves): string {
  const [used, stopped] = [highest(at, cpu), highest(at, throttled)];
  if (used === null) return "No CPU use was measured.";
  return `At most ${whole(used.value)} % of the granted CPU was used, and ${whole(stopped?.value ?? 0)} % of the time throttled.`;
}

function networkSummary({ at, received, sent }: ChartCurves): string {
  const [most, mostOut] = [highest(at, received), highest(at, sent)];
  if (most === null) return "No traffic was measured.";
  return `At most ${whole(most.value)} kB per second were received and ${whole(mostOut?.value ?? 0)} kB sent.`;
}
