import type { Fit } from "@/api/fits";
import { duration } from "@/format/times";
import { type Bar, heightOf, spanOf, topOf } from "./bars";
import styles from "./Charts.module.css";
import { dollars, isAtLimit, peakMbytes, peakOf, type Row } from "./rows";

/** Time, peak and cost of the sizes side by side. The table below has the same numbers as text. */
export function Charts({ rows, fit }: { rows: Row[]; fit: Fit }) {
  const shown = rows.filter(({ size, live }) => size !== null || live.length > 0);
  const isRepeated = fit.runs.length > 0 && fit.repeat > 1;
  return (
    <div className={styles.charts}>
      <BarChart
        title="Time"
        note={isRepeated ? "median, with the range" : "of one run each"}
        bars={shown.map(timeBar)}
      />
      <BarChart title="Memory peak, MB" note="dashed: the limit" bars={shown.map(peakBar)} />
      <BarChart title="Cost of compute" note="list price, estimated" bars={shown.map(costBar)} />
    </div>
  );
}

function timeBar(row: Row): Bar {
  const value = row.times?.median ?? null;
  return {
    label: String(row.memoryMbytes),
    value,
    text: value === null ? insteadOf(row) : `${row.size?.isTimeDisturbed ? "~" : ""}${duration(value * 1000)}`,
    range: row.times,
    look: lookOf(row),
  };
}

function peakBar(row: Row): Bar {
  const peak = peakOf(row);
  const isCut = isAtLimit(row);
  const value = isCut ? row.memoryMbytes : peak === null ? null : peakMbytes(peak);
  return {
    label: String(row.memoryMbytes),
    value,
    text: value === null ? insteadOf(row) : isCut ? `≥ ${value}` : String(value),
    limit: row.memoryMbytes,
    look: isCut ? "bad" : lookOf(row),
  };
}

function costBar(row: Row): Bar {
  const value = row.times === null ? null : (row.size?.costUsd ?? null);
  return {
    label: String(row.memoryMbytes),
    value,
    text: value === null ? insteadOf(row) : dollars(value),
    look: lookOf(row),
  };
}

function lookOf({ isRecommended, size }: Row): Bar["look"] {
  if (size === null) return "live";
  return isRecommended ? "best" : "normal";
}

/** What stands in place of a number that was not measured. */
function insteadOf({ size }: Row): string {
  if (size === null) return "…";
  return size.verdict === "out of memory" ? "killed" : size.misses > 0 ? size.verdict : "–";
}

/** Percent of the chart. */
const ENOUGH_FOR_LABEL = 20;

function BarChart({ title, note, bars }: { title: string; note: string; bars: Bar[] }) {
  const top = topOf(bars);
  return (
    <figure className={styles.chart}>
      <figcaption>
        <h3>{title}</h3>
        <span>{note}</span>
      </figcaption>
      <ol className={styles.plot}>
        {bars.map((bar) => (
          <Column key={bar.label} bar={bar} top={top} />
        ))}
      </ol>
    </figure>
  );
}

function Column({ bar, top }: { bar: Bar; top: number }) {
  const height = heightOf(bar.value, top) ?? 0;
  const span = spanOf(bar.range, top);
  const limit = heightOf(bar.limit, top);
  // Above a bar there may be the line of its limit.
  const isInside = bar.limit !== undefined && height > ENOUGH_FOR_LABEL;
  const labelBottom = Math.max(height, span ? span.bottom + span.height : 0);
  return (
    <li className={styles.column} data-look={bar.look}>
      <span className={styles.area}>
        {bar.value !== null && <span className={styles.bar} style={{ height: `${height}%` }} />}
        {limit !== null && <span className={styles.limit} style={{ bottom: `${limit}%` }} />}
        {span && <span className={styles.range} style={{ bottom: `${span.bottom}%`, height: `${span.height}%` }} />}
        <span className={styles.value} data-inside={isInside} style={{ bottom: `${labelBottom}%` }}>
          {bar.text}
        </span>
      </span>
      <span className={styles.label}>{bar.label}</span>
    </li>
  );
}
