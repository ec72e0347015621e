import { type KeyboardEvent, useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { MISSING } from "@/format/numbers";
import { offset } from "@/format/times";
import { useStore } from "@/ui/store";
import styles from "./Chart.module.css";
import { type PlotInput, plotOptions, type Series } from "./plot";
import { cursorOf, move, nearest, type SharedPosition } from "./position";
import { useTheme } from "./useTheme";

type Props = PlotInput & {
  title: string;
  /** The same as text, for those who do not see the curves. */
  summary: string;
  /** The times of the values. */
  at: number[];
  /** Until when the axis goes. */
  end: number;
  position: SharedPosition;
  height: number;
  /** Show the time at the cursor in the legend. */
  hasTime?: boolean;
};

/** Curves over the time of a run. Charts with the same `position` share their cursor and zoom. */
export function Chart(props: Props) {
  const { title, summary, at, position, height } = props;
  const place = useRef<HTMLDivElement>(null);
  usePlot(place, props);
  return (
    <figure className={styles.chart} aria-label={title}>
      <figcaption className={styles.head}>
        <h3>{title}</h3>
        <Legend {...props} />
      </figcaption>
      <p className="visually-hidden">{summary}</p>
      <div
        ref={place}
        role="img"
        aria-label={`${title}. ${summary}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the cursor
        tabIndex={0}
        className={styles.plot}
        style={{ height }}
        onKeyDown={(event) => moveByKey(event, at, position)}
      />
    </figure>
  );
}

function Legend({ series, at, start, position, hasTime }: Props) {
  const shown = useStore(position);
  const cursor = cursorOf(shown);
  const index = cursor === null ? at.length - 1 : nearest(at, cursor);
  return (
    <ul className={styles.legend}>
      {series
        .filter((each) => !each.isUnlisted)
        .map((each) => (
          <li key={each.label}>
            <Swatch series={each} />
            {each.label} <b>{each.show((each.shown ?? each.values)[index]) || MISSING}</b>
          </li>
        ))}
      {hasTime && cursor !== null && <li className={styles.time}>at {offset(cursor - start)}</li>}
    </ul>
  );
}

function Swatch({ series: { color, dash } }: { series: Series }) {
  return (
    <svg width="16" height="6" aria-hidden className={styles.swatch}>
      <line
        x1="0"
        x2="16"
        y1="3"
        y2="3"
        style={{ stroke: `var(${color})` }}
        {...(dash ? { strokeDasharray: dash.join() } : {})}
      />
    </svg>
  );
}

function moveByKey(event: KeyboardEvent, at: number[], position: SharedPosition): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  const { range } = position.get();
  if (event.key === "Escape" && (range !== null || cursorOf(position.get()) !== null)) {
    event.preventDefault(); // the key would leave the page
    move(position, { pinned: null, pointed: null, range: null });
  }
  if (step === 0) return;
  event.preventDefault();
  const current = cursorOf(position.get());
  const index =
    current === null ? (step === 1 ? 0 : at.length - 1) : nearest(at, current) + step * (event.shiftKey ? 10 : 1);
  move(position, { pointed: null, pinned: at[Math.max(0, Math.min(at.length - 1, index))] ?? null });
}

/** Draw the curves into a place, and follow its width, the theme, the data and the shared position. */
function usePlot(place: React.RefObject<HTMLDivElement | null>, props: Props): void {
  const latest = useRef(props);
  latest.current = props;
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const { position, height, series, hasLabels } = props;
  const shape = series.map((each) => each.label).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme or other series need a new plot
  useEffect(() => {
    if (!place.current) return;
    const created = create(place.current, latest, height);
    plot.current = created;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) created.setSize({ width: entry.contentRect.width, height });
    });
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [place, theme, shape, height, hasLabels]);
  useEffect(() => {
    const { at, series, start, end } = props;
    const range = position.get().range ?? [start, end];
    plot.current?.setData([at, ...series.map((each) => each.values)], false);
    plot.current?.setScale("x", { min: range[0], max: range[1] });
  });
  useEffect(
    () =>
      position.subscribe(() => {
        if (plot.current) follow(plot.current, latest.current);
      }),
    [position],
  );
}

function create(place: HTMLElement, latest: React.RefObject<Props>, height: number): uPlot {
  const { position } = latest.current;
  const options = plotOptions(() => latest.current, place.clientWidth, height);
  const { at, series, start, end } = latest.current;
  const plot = new uPlot(
    {
      ...options,
      hooks: {
        ...options.hooks,
        setCursor: [(own) => point(own, latest.current)],
        setSelect: [(own) => zoom(own, position)],
      },
    },
    [at, ...series.map((each) => each.values)],
    place,
  );
  plot.setScale("x", { min: start, max: end });
  plot.over.addEventListener("mouseleave", () => move(position, { pointed: null }));
  plot.over.addEventListener("dblclick", () => move(position, { range: null }));
  plot.over.addEventListener("click", () => move(position, { pinned: position.get().pointed }));
  return plot;
}

/** The pointer moved over this plot: share the time of the nearest measurement. */
function point(plot: uPlot, { at, position }: Props): void {
  const { idx, left } = plot.cursor;
  // New data and other views move the cursor too, but only the pointer is shared.
  if (idx == null || left == null || left < 0 || !plot.over.matches(":hover")) return;
  move(position, { pointed: at[idx] ?? null });
}

function zoom(plot: uPlot, position: SharedPosition): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  const range = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")] as const;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  move(position, { range });
}

/** Show the shared cursor and zoom in this plot. */
function follow(plot: uPlot, { position, at, start, end }: Props): void {
  const shown = position.get();
  const [min, max] = shown.range ?? [start, end];
  if (plot.scales.x?.min !== min || plot.scales.x?.max !== max) plot.setScale("x", { min, max });
  const cursor = cursorOf(shown);
  const index = cursor === null ? -1 : nearest(at, cursor);
  const time = at[index];
  const left = time === undefined ? -10 : plot.valToPos(time, "x");
  plot.setCursor({ left, top: left < 0 ? -10 : 10 }, false);
}
