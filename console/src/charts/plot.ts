/** The options of uPlot for one chart: series, axes, markers and gaps, in the colors of the theme. */
import type uPlot from "uplot";
import { resolveColor } from "@/app/preferences";
import { offset } from "@/format/times";
import { type Marker, placeMarkers } from "./markers";

export type Series = {
  label: string;
  /** A color token. */
  color: string;
  values: (number | null)[];
  dash?: number[];
  /** The opacity of the area below the line, between 0 and 1. */
  fill?: number;
  width?: number;
  /** Whether the title of the chart explains the line already. */
  isUnlisted?: boolean;
  /** The values in the legend, if they are others. */
  shown?: (number | null)[];
  show: (value: number | null | undefined) => string;
};

export type PlotInput = {
  series: Series[];
  markers: Marker[];
  gaps: readonly (readonly [number, number])[];
  /** When the time axis begins. */
  start: number;
  /** Whether markers have labels, or only dots. */
  hasLabels: boolean;
  ticks: number[] | null;
  yMax: number;
};

const FONT = '11px "Inter Variable", system-ui, sans-serif';
const LABEL_FONT = '12px "Inter Variable", system-ui, sans-serif';
const LABEL_HEIGHT = 20;
/** How close to the right edge a time would be cut off. */
const LABEL_OVERHANG = 10;
const TICK_MILLIS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400].map(
  (secs) => secs * 1000,
);

type Colors = {
  text: string;
  grid: string;
  border: string;
  surface: string;
  bad: string;
  badSoft: string;
  hover: string;
};

function colors(): Colors {
  return {
    text: resolveColor("--text-2"),
    grid: resolveColor("--border"),
    border: resolveColor("--text-3"),
    surface: resolveColor("--surface"),
    bad: resolveColor("--failed"),
    badSoft: resolveColor("--failed-soft"),
    hover: resolveColor("--hover"),
  };
}

/** `input` is read at each drawing, so that live data needs no new chart. */
export function plotOptions(input: () => PlotInput, width: number, height: number): uPlot.Options {
  const shown = input();
  const theme = colors();
  return {
    width,
    height,
    padding: [shown.hasLabels ? LABEL_HEIGHT + 12 : 12, 8, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, dist: 4, setScale: false },
      points: { size: 8, stroke: () => theme.surface, width: 1.5 },
      focus: { prox: -1 },
      y: false,
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: false, auto: false, range: (_, min, max) => [min, max] },
      y: { range: () => [0, input().yMax] },
    },
    axes: [timeAxis(input, theme), valueAxis(input, theme)],
    series: [{}, ...shown.series.map((each) => line(each))],
    hooks: {
      drawClear: [(plot) => drawGaps(plot, input(), theme)],
      draw: [(plot) => drawMarkers(plot, input(), theme)],
    },
  };
}

function timeAxis(input: () => PlotInput, theme: Colors): uPlot.Axis {
  return {
    font: FONT,
    stroke: theme.text,
    grid: { show: false },
    ticks: { show: false },
    border: { show: false },
    size: 26,
    gap: 6,
    incrs: TICK_MILLIS,
    space: 64,
    splits: (plot, __, min, max, step) => {
      const { start } = input();
      const last = max - (LABEL_OVERHANG / plot.width) * (max - min);
      const ticks: number[] = [];
      for (let at = start + Math.ceil((min - start) / step) * step; at <= last; at += step) ticks.push(at);
      return ticks;
    },
    values: (_, ticks) => ticks.map((at) => offset(at - input().start)),
  };
}

function valueAxis(input: () => PlotInput, theme: Colors): uPlot.Axis {
  const { ticks } = input();
  return {
    font: FONT,
    stroke: theme.text,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { show: false },
    border: { show: false },
    size: (_, values) => Math.max(30, ...(values ?? []).map((value) => value.length * 7 + 10)),
    gap: 6,
    space: 28,
    ...(ticks ? { splits: () => input().ticks ?? [] } : {}),
  };
}

function line({ label, color, dash, fill, width }: Series): uPlot.Series {
  const stroke = resolveColor(color);
  return {
    label,
    stroke,
    width: width ?? 1.5,
    points: { show: false },
    ...(dash ? { dash: dash.map((length) => length * devicePixelRatio) } : {}),
    ...(fill ? { fill: withOpacity(stroke, fill) } : {}),
  };
}

function withOpacity(color: string, opacity: number): string {
  return color.replace(/^rgb\((.*)\)$/, (_, parts: string) => `rgb(${parts} / ${opacity})`.replaceAll(",", " "));
}

/** Times without measurements are shaded. */
function drawGaps(plot: uPlot, { gaps }: PlotInput, theme: Colors): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = theme.hover;
  for (const [from, to] of gaps) {
    const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, "x", true));
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}

function drawMarkers(plot: uPlot, { markers, hasLabels }: PlotInput, theme: Colors): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = LABEL_FONT.replace("12px", `${12 * scale}px`);
  const edges = [bbox.left, bbox.left + bbox.width] as const;
  const widthOf = (label: string) => ctx.measureText(label).width + 14 * scale;
  for (const marker of placeMarkers(markers, (at) => plot.valToPos(at, "x", true), edges, widthOf)) {
    const color = marker.isBad ? theme.bad : theme.border;
    const top = bbox.top - (hasLabels ? 4 : 0) * scale;
    hairline(ctx, marker.x, top, bbox.top + bbox.height, color, marker.isBad, scale);
    if (!hasLabels) dot(ctx, marker.x, bbox.top - 4 * scale, color, scale);
    else if (marker.labelX !== null) {
      const box = { x: marker.labelX, y: bbox.top - (LABEL_HEIGHT + 6) * scale, width: marker.width };
      label(ctx, marker.label, box, marker.isBad ? [theme.badSoft, theme.bad] : [theme.hover, theme.text], scale);
    }
  }
  ctx.restore();
}

type Context = CanvasRenderingContext2D;

function hairline(
  ctx: Context,
  x: number,
  top: number,
  bottom: number,
  color: string,
  isSolid: boolean,
  scale: number,
) {
  ctx.beginPath();
  ctx.setLineDash(isSolid ? [] : [3 * scale, 3 * scale]);
  ctx.lineWidth = 1.25 * scale;
  ctx.strokeStyle = color;
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
  ctx.stroke();
  ctx.setLineDash([]);
}

function dot(ctx: Context, x: number, y: number, color: string, scale: number): void {
  ctx.beginPath();
  ctx.fillStyle = color;
  ctx.arc(x, y, 3.5 * scale, 0, 2 * Math.PI);
  ctx.fill();
}

type Box = { x: number; y: number; width: number };

function label(ctx: Context, text: string, box: Box, [back, front]: [string, string], scale: number): void {
  ctx.beginPath();
  ctx.fillStyle = back;
  ctx.roundRect(box.x, box.y, box.width, LABEL_HEIGHT * scale, 4 * scale);
  ctx.fill();
  ctx.fillStyle = front;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  ctx.fillText(text, box.x + 7 * scale, box.y + (LABEL_HEIGHT / 2 + 0.5) * scale);
}
