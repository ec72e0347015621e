import { useSearch } from "@tanstack/react-router";
import { ChartSpline, Table2 } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import type { Run } from "@/api/run";
import { createPosition, cursorOf, move, type SharedPosition } from "@/charts/position";
import { LogViewer } from "@/log/LogViewer";
import { lineAt } from "@/log/lineAt";
import type { LineCache, LogLine } from "@/log/lines";
import { timeOf } from "@/log/text";
import { Button, IconButton } from "@/ui/Button";
import { QueryError } from "@/ui/ErrorNote";
import { useKeys } from "@/ui/keys";
import { useNow } from "@/ui/now";
import { Skeleton } from "@/ui/Skeleton";
import { isLive } from "@/ui/StatusPill";
import { useStore } from "@/ui/store";
import { MetricCharts } from "../metrics/MetricCharts";
import styles from "../metrics/MetricCharts.module.css";
import { MetricsTable } from "../metrics/MetricsTable";
import { useLiveMetrics } from "../metrics/useLiveMetrics";
import type { RunTabProps } from "../tabs";

type View = "curves" | "table" | "none";

const VIEW_KEY = "greenroom.run.metrics";

/** The curves and the log of a run, with one cursor for both. */
export function LogTab({ run }: RunTabProps) {
  const [position] = useState(createPosition);
  const [view, setView] = useView();
  const [cache, setCache] = useState<LineCache | null>(null);
  const [clicked, setClicked] = useState<LogLine | null>(null);
  const marked = useMarkedLine(cache, position, clicked);
  useAddress(run, position, clicked);
  useKeys({ c: () => setView(view === "none" ? "curves" : "none") });
  const pin = useCallback(
    (line: LogLine) => {
      setClicked(line);
      move(position, { pinned: timeOf(line.text), pointed: null });
    },
    [position],
  );
  return (
    <>
      {view !== "none" && <MetricsPart run={run} view={view} position={position} />}
      <LogViewer
        jobId={run.id}
        jobKind="run"
        isLive={isLive(run.status)}
        markedNumber={marked}
        onLine={pin}
        onCache={setCache}
        hint={view === "curves" ? "Click a line to move the cursor of the curves." : undefined}
        actions={<ViewButtons view={view} onView={setView} />}
      />
    </>
  );
}

function useView(): [View, (view: View) => void] {
  const [view, setView] = useState<View>(() => (localStorage.getItem(VIEW_KEY) as View | null) ?? "curves");
  const change = (next: View) => {
    localStorage.setItem(VIEW_KEY, next);
    setView(next);
  };
  return [view, change];
}

function ViewButtons({ view, onView }: { view: View; onView: (view: View) => void }) {
  return (
    <>
      {view !== "none" && (
        <IconButton
          variant="quiet"
          small
          className={styles.optional}
          label={view === "table" ? "Show as curves" : "Show as table"}
          icon={view === "table" ? <ChartSpline aria-hidden /> : <Table2 aria-hidden />}
          onClick={() => onView(view === "table" ? "curves" : "table")}
        />
      )}
      <Button
        variant="quiet"
        small
        className={styles.optional}
        icon={<ChartSpline aria-hidden />}
        onClick={() => onView(view === "none" ? "curves" : "none")}
      >
        {view === "none" ? "Show curves" : "Hide curves"}
      </Button>
    </>
  );
}

function MetricsPart({ run, view, position }: { run: Run; view: View; position: SharedPosition }) {
  const { data: metrics, error, refetch } = useLiveMetrics(run);
  const now = useNow(isLive(run.status));
  if (error && !metrics) return <QueryError error={error} refetch={refetch} />;
  if (!metrics) return <Skeleton lines={5} height={32} />;
  if (metrics.curves === null) {
    return (
      <p className={styles.state}>
        {metrics.isLive ? "Waiting for the first measurement." : "No measurements of this run are stored."}
      </p>
    );
  }
  if (view === "table") return <MetricsTable metrics={metrics} />;
  const last = metrics.at.at(-1) ?? metrics.startedAt;
  const end = Math.max(last, metrics.isLive ? now : (metrics.finishedAt ?? last));
  return <MetricCharts run={run} metrics={metrics} end={end} position={position} />;
}

/** The address can name a line, or a time in seconds since the start of the run. */
function useAddress(run: Run, position: SharedPosition, clicked: LogLine | null): void {
  const { line, at } = useSearch({ strict: false }) as { line?: unknown; at?: unknown };
  const start = Date.parse(String(run.startedAt));
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new address moves the cursor
  useEffect(() => {
    if (typeof at === "number") move(position, { pinned: start + at * 1000 });
    else if (typeof line === "number" && line - 1 !== clicked?.number) move(position, { pinned: null });
  }, [line, at, start, position]);
}

/** The line at the cursor of the curves. Of lines with the same time, it is the one that was clicked. */
function useMarkedLine(cache: LineCache | null, position: SharedPosition, clicked: LogLine | null): number | null {
  const cursor = cursorOf(useStore(position));
  const [marked, setMarked] = useState<number | null>(null);
  useEffect(() => {
    let isCurrent = true;
    if (cursor === null || cache === null) setMarked(null);
    else if (clicked !== null && timeOf(clicked.text) === cursor) setMarked(clicked.number);
    else {
      void lineAt(cache, cursor).then((number) => {
        if (isCurrent) setMarked(number);
      });
    }
    return () => {
      isCurrent = false;
    };
  }, [cache, cursor, clicked]);
  return marked;
}
