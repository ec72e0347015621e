import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ArrowUp } from "lucide-react";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { type RunFilter, type RunSummary, runsQuery } from "@/api/runs";
import { plural } from "@/format/numbers";
import { QueryError } from "@/ui/ErrorNote";
import { useKeys } from "@/ui/keys";
import { mainPane } from "@/ui/mainPane";
import { Padded } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { createStore } from "@/ui/store";
import { type Sorting, Table } from "@/ui/Table";
import { AbortDialog, type AbortOrder } from "./AbortDialog";
import { BulkBar } from "./BulkBar";
import { ListFooter } from "./ListFooter";
import { canBeIn, hasStatusOf } from "./membership";
import { NoRuns } from "./NoRuns";
import { runPath } from "./paths";
import styles from "./RunList.module.css";
import { RunMenu } from "./RunMenu";
import { RunToolbar } from "./RunToolbar";
import { CompactRun, type RunColumn, runLabel } from "./runColumns";
import { type Changes, useRunFilter } from "./search";
import { useFreshRuns } from "./useFreshRuns";

const NOTHING_FIXED: RunFilter = {};
const NO_RUNS: RunSummary[] = [];
const NEWEST_FIRST: Sorting = { column: "startedAt", isDescending: true };

type Props = {
  columns: RunColumn[];
  /** The part of the filter that the page decides, such as its Actor. It must stay the same object. */
  fixed?: RunFilter;
  /** What an empty list shows, if nothing is filtered but by `fixed`. */
  empty?: ReactNode;
};

/** A live list of runs with its filters. Filters and order are in the address. */
export function RunList({ columns, fixed = NOTHING_FIXED, empty }: Props) {
  const [filter, change] = useRunFilter(fixed);
  const { runs, total, isLoading, error, refetch, more } = useRuns(filter);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const list = useRef<HTMLDivElement>(null);
  const isHeld = selected.size > 0 && runs.some(({ id }) => selected.has(id));
  const fresh = useFreshRuns(filter, isLoading ? NO_RUNS : runs, isHeld, list);
  const showFresh = () => {
    mainPane.current?.scrollTo({ top: 0 });
    fresh.show();
  };
  return (
    <>
      <RunToolbar filter={filter} fixed={fixed} onChange={change} />
      {fresh.count > 0 && (
        <button type="button" className={styles.fresh} onClick={showFresh}>
          <ArrowUp aria-hidden /> {plural(fresh.count, "new run")}
        </button>
      )}
      <div ref={list} className={styles.list}>
        {error && isLoading && (
          <Padded>
            <QueryError error={error} refetch={refetch} />
          </Padded>
        )}
        {!error && isLoading && runs.length === 0 && <Skeleton lines={12} height={24} />}
        {!isLoading && runs.length === 0 && (
          <NoRuns filter={filter} fixed={fixed} empty={empty} onClear={() => change(CLEARED)} />
        )}
        {runs.length > 0 && (
          <RunTable
            filter={filter}
            runs={runs}
            total={total}
            columns={columns}
            selected={selected}
            onSelect={setSelected}
            onChange={change}
            onMore={more}
          />
        )}
      </div>
    </>
  );
}

/** The runs of a list. While another filter loads, they are those of the last one that belong to it. */
function useRuns(filter: RunFilter) {
  const query = useInfiniteQuery(runsQuery(filter));
  const { data, error, refetch, hasNextPage, fetchNextPage, isPlaceholderData } = query;
  const isLoading = data === undefined || isPlaceholderData;
  const runs = useMemo(() => {
    const all = data?.pages.flatMap(({ items }) => items) ?? NO_RUNS;
    const now = Date.now();
    return isPlaceholderData ? all.filter((run) => canBeIn(filter, run, now)) : all;
  }, [data, isPlaceholderData, filter]);
  // Following `isFetching` would draw the list again whenever it is fetched, also if nothing of it has changed.
  const more = useCallback(() => {
    if (hasNextPage) void fetchNextPage({ cancelRefetch: false });
  }, [hasNextPage, fetchNextPage]);
  const total = (isLoading ? undefined : data.pages.at(-1)?.total) ?? runs.length;
  return { runs, total, isLoading, error, refetch, more };
}

const CLEARED: Changes = { status: "", actor: "", origin: "", from: "", to: "", q: "" };

type TableProps = {
  filter: RunFilter;
  runs: RunSummary[];
  total: number;
  columns: RunColumn[];
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  onChange: (changes: Changes) => void;
  onMore: () => void;
};

function RunTable({ filter, runs, total, columns, selected, onSelect, onChange, onMore }: TableProps) {
  const navigate = useNavigate();
  const [order, setOrder] = useState<AbortOrder | null>(null);
  const [range] = useState(() => createStore<[number, number]>([0, 0]));
  const chosen = useMemo(() => runs.filter(({ id }) => selected.has(id)), [runs, selected]);
  const clear = () => onSelect(new Set());
  // These stay the same functions, so that only rows whose run has changed are drawn again.
  const open = useCallback((run: RunSummary) => void navigate({ href: runPath(run) }), [navigate]);
  const menu = useCallback(
    (run: RunSummary) => <RunMenu run={run} onAbort={(each, isGraceful) => setOrder({ runs: [each], isGraceful })} />,
    [],
  );
  useKeys({ escape: () => (selected.size > 0 ? clear() : false) });
  return (
    <>
      <Table
        label="Runs"
        columns={columns}
        rows={runs}
        total={total}
        rowId={(run) => run.id}
        rowLabel={runLabel}
        rowHref={runPath}
        rowState={(run) => run.status}
        isFaded={(run) => !hasStatusOf(run, filter)}
        onOpen={open}
        sorting={sortingOf(filter)}
        onSort={({ column, isDescending }) => onChange({ sort: isDescending ? `-${column}` : column })}
        selection={{ ids: selected, onChange: onSelect }}
        compact={compact}
        rowMenu={menu}
        scroller={mainPane}
        onEnd={onMore}
        onRange={range.set}
      />
      {chosen.length > 0 && (
        <BulkBar runs={chosen} onAbort={(isGraceful) => setOrder({ runs: chosen, isGraceful })} onClear={clear} />
      )}
      <ListFooter range={range} total={total} />
      {order && <AbortDialog {...order} onClose={() => setOrder(null)} />}
    </>
  );
}

function compact(run: RunSummary) {
  return <CompactRun run={run} />;
}

function sortingOf({ sort }: RunFilter): Sorting {
  return sort === undefined ? NEWEST_FIRST : { column: sort.replace(/^-/, ""), isDescending: sort.startsWith("-") };
}
