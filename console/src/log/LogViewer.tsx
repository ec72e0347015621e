import { useQuery } from "@tanstack/react-query";
import { ArrowDown } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { isNotFound } from "@/api/errors";
import { bytes, count, plural } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { useKeys } from "@/ui/keys";
import { Skeleton } from "@/ui/Skeleton";
import { afterScroll, type Follow, newLines } from "./follow";
import { LogPane, type PaneHandle, type Rows } from "./LogPane";
import { type Found, LogToolbar } from "./LogToolbar";
import styles from "./LogViewer.module.css";
import type { LineCache, LogLine } from "./lines";
import { type Level, matchesQuery, nextMatch } from "./search";
import { useLogAddress } from "./useLogAddress";
import { useLogLines } from "./useLogLines";
import { useSettled } from "./useSettled";

/** A growing log is searched again after this time at the earliest. */
const SEARCH_MILLIS = 2000;

type Props = {
  jobId: string;
  /** `run` or `build`, for texts. */
  jobKind: "run" | "build";
  isLive: boolean;
  /** The number of the line at the cursor of other views; the pane scrolls there. */
  markedNumber?: number | null;
  onLine?: (line: LogLine) => void;
  hint?: ReactNode;
  actions?: ReactNode;
  /** Gets the lines, for views that relate to them. */
  onCache?: (cache: LineCache) => void;
};

/** The log of a run or build: searched on the server, followed while it grows, with only visible lines in the page. */
export function LogViewer({ jobId, jobKind, isLive, markedNumber = null, onLine, onCache, ...parts }: Props) {
  const cache = useLogLines(jobId, jobKind, isLive);
  const address = useLogAddress();
  const totalLines = cache.state.totalLines;
  const [follow, setFollow] = useState<Follow>({ isFollowing: address.line === null, seenLines: 0 });
  const [current, setCurrent] = useState<number | null>(null);
  const pane = useRef<PaneHandle>(null);
  const input = useRef<HTMLInputElement>(null);
  const searchedLines = useSettled(totalLines, SEARCH_MILLIS);
  const rows = useRows(jobId, address.levels, totalLines, searchedLines);
  const found = useFound(jobId, address.text, searchedLines, current);

  const scrollToNumber = useCallback(
    (number: number) => {
      setFollow((shown) => ({
        isFollowing: false,
        seenLines: shown.isFollowing ? (totalLines ?? 0) : shown.seenLines,
      }));
      pane.current?.scrollToRow(rows.rowOf(number));
    },
    [rows, totalLines],
  );
  const go = (step: 1 | -1) => {
    const next = nextMatch(found.numbers, current, step);
    setCurrent(next);
    if (next !== null) scrollToNumber(next);
  };
  const toggleFollow = () => setFollow((shown) => ({ isFollowing: !shown.isFollowing, seenLines: totalLines ?? 0 }));
  useKeys({ f: toggleFollow, n: () => go(1), "shift+n": () => go(-1), "/": () => input.current?.focus() });
  useScrollTo(markedNumber ?? address.line, totalLines, pane, rows, scrollToNumber);
  useEffect(() => onCache?.(cache), [cache, onCache]);

  const click = useCallback(
    (line: LogLine) => {
      address.setLine(line.number);
      onLine?.(line);
    },
    [address.setLine, onLine],
  );
  const shown: Found = { total: found.total, position: found.position, go };
  return (
    <div className={styles.viewer}>
      <LogToolbar
        jobId={jobId}
        totalLines={totalLines}
        text={address.text}
        onText={address.setText}
        input={input}
        found={shown}
        levels={address.levels}
        onLevels={address.setLevels}
        isWrapped={address.isWrapped}
        onWrap={address.toggleWrap}
        {...parts}
      />
      {rows.matching !== undefined && rows.matching > rows.count && (
        <div className={styles.cut} role="status">
          The first {plural(rows.count, "line")} of {count(rows.matching)} with these levels are shown.
        </div>
      )}
      {cache.state.isCut && <CutBar cache={cache} jobId={jobId} />}
      <div className={styles.content}>
        <LogContent cache={cache} jobKind={jobKind} isLive={isLive} rows={rows} levels={address.levels}>
          <LogPane
            cache={cache}
            rows={rows}
            query={address.text}
            markedNumber={markedNumber ?? address.line}
            currentMatch={current}
            isWrapped={address.isWrapped}
            isFollowing={follow.isFollowing}
            onScroll={(isAtEnd) => setFollow((before) => afterScroll(before, isAtEnd, totalLines ?? 0))}
            onLine={click}
            handle={pane}
          />
        </LogContent>
        {isLive && <FollowBadge follow={follow} totalLines={totalLines ?? 0} onResume={toggleFollow} />}
      </div>
    </div>
  );
}

/** `matching` is how many lines the filter lets through, of which the first thousands are listed. */
type FilteredRows = Rows & { matching?: number | undefined };

/** The rows of the pane: all lines, or those of some levels. */
function useRows(jobId: string, levels: Level[], totalLines: number | null, searchedLines: number | null) {
  const { data } = useQuery(matchesQuery(jobId, "", levels, searchedLines));
  return useMemo((): FilteredRows => {
    if (levels.length === 0) return { count: totalLines ?? 0, numberOf: (row) => row, rowOf: (number) => number };
    const numbers = data?.numbers ?? [];
    const rowOf = (number: number) => {
      const row = numbers.findIndex((each) => each >= number);
      return row < 0 ? numbers.length - 1 : row;
    };
    return { count: numbers.length, numberOf: (row) => numbers[row] ?? 0, rowOf, matching: data?.total };
  }, [data, levels.length, totalLines]);
}

const TYPING_MILLIS = 150;

function useFound(jobId: string, text: string, totalLines: number | null, current: number | null) {
  const [searched, setSearched] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSearched(text), TYPING_MILLIS);
    return () => clearTimeout(timer);
  }, [text]);
  const { data } = useQuery(matchesQuery(jobId, searched, [], totalLines));
  const numbers = text === searched ? (data?.numbers ?? []) : [];
  const position = current === null ? -1 : numbers.indexOf(current);
  return { numbers, total: text === searched ? data?.total : undefined, position: position < 0 ? null : position + 1 };
}

/** Scroll to a line when another one is marked, unless it is visible. */
function useScrollTo(
  number: number | null,
  totalLines: number | null,
  pane: React.RefObject<PaneHandle | null>,
  rows: Rows,
  scrollToNumber: (number: number) => void,
): void {
  const last = useRef<number | null>(null);
  useEffect(() => {
    if (number === null || totalLines === null || last.current === number) return;
    last.current = number;
    if (!pane.current?.isVisible(rows.rowOf(number))) scrollToNumber(number);
  });
}

type ContentProps = {
  cache: LineCache;
  jobKind: string;
  isLive: boolean;
  rows: FilteredRows;
  levels: Level[];
  children: ReactNode;
};

function LogContent({ cache, jobKind, isLive, rows, levels, children }: ContentProps) {
  const { totalLines, error } = cache.state;
  if (isNotFound(error)) return <Empty>The log of this {jobKind} is not stored any more.</Empty>;
  if (error !== null && totalLines === null) {
    return <QueryError error={error} refetch={() => void cache.refresh()} />;
  }
  if (totalLines === null) return <Skeleton lines={12} height={12} />;
  if (totalLines === 0)
    return <Empty>{isLive ? `The ${jobKind} has not written a line yet.` : "The log is empty."}</Empty>;
  if (levels.length > 0 && rows.matching === undefined) return <Skeleton lines={12} height={12} />;
  if (levels.length > 0 && rows.count === 0) {
    return <Empty>No line of the log has the level {levels.join(" or ")}.</Empty>;
  }
  return children;
}

function CutBar({ cache, jobId }: { cache: LineCache; jobId: string }) {
  return (
    <div className={styles.cut} role="status">
      The log was cut at {bytes(cache.state.totalBytes)}, the limit of the platform. Later lines are not stored.
      <a href={`/v2/logs/${jobId}?download=1`}>Download</a>
    </div>
  );
}

function FollowBadge({ follow, totalLines, onResume }: { follow: Follow; totalLines: number; onResume: () => void }) {
  if (follow.isFollowing) return <span className={styles.following}>Following</span>;
  const arrived = newLines(follow, totalLines);
  return (
    <Button small className={styles.resume} icon={<ArrowDown aria-hidden />} onClick={onResume}>
      {arrived > 0 ? plural(arrived, "new line") : "Follow"}
    </Button>
  );
}
