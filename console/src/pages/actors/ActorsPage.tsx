import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type ActorInList, actorsQuery } from "@/api/actors";
import { body, local } from "@/api/client";
import { count, MISSING, plural } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Page, Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { StatusPill } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";
import styles from "./ActorsPage.module.css";

/** A run in the list of all runs, as far as the list of Actors shows it. */
type LastRun = { actorId: string; status: string; startedAt: string };

type Row = ActorInList & { lastRun: LastRun | undefined; recentRuns: number | null };

const RECENT_MILLIS = 7 * 24 * 3600 * 1000;
/** Further runs than these are not counted, so that the page stays quick with 10,000 runs. */
const COUNTED_RUNS = 1000;

/** The latest runs, from which the list shows the last one of each Actor and how many there were. */
const recentRunsQuery = {
  queryKey: ["run", "counts", "recent"],
  queryFn: ({ signal }: { signal: AbortSignal }) => {
    const startedAfter = new Date(Date.now() - RECENT_MILLIS).toISOString();
    return body(local.GET("/greenroom/runs", { params: { query: { limit: COUNTED_RUNS, startedAfter } }, signal }));
  },
};

export function ActorsPage() {
  const { data, error, isPending, refetch } = useQuery(actorsQuery);
  const runs = useQuery(recentRunsQuery).data;
  const search = useSearch({ strict: false }) as { q?: string };
  const navigate = useNavigate();
  const q = search.q === undefined ? "" : String(search.q);
  const rows = rowsOf(data?.items ?? [], runs?.items, runs?.total).filter((row) => isFound(row, q));
  const setQ = (text: string) =>
    void navigate({ to: "/actors", search: text === "" ? {} : { q: text }, replace: true });
  const newActor = (
    <Link to="/actors/new" className={buttonClass("primary")}>
      <Plus aria-hidden />
      New Actor
    </Link>
  );
  return (
    <Page title="Actors" note={data && plural(data.total, "Actor")} actions={newActor}>
      <Toolbar>
        <SearchField value={q} label="Search the Actors" placeholder="Name or title" onChange={setQ} />
      </Toolbar>
      {error && <QueryError error={error} refetch={refetch} />}
      {isPending && <Skeleton lines={6} height={24} />}
      {data?.items.length === 0 && (
        <Empty command="greenroom push ./my-actor">No Actors yet. Push a folder to create one.</Empty>
      )}
      {data && data.items.length > 0 && rows.length === 0 && (
        <Empty>No Actor contains “{q}” in its name or title.</Empty>
      )}
      {rows.length > 0 && (
        <Table
          label="Actors"
          columns={COLUMNS}
          rows={rows}
          rowId={(row) => row.id}
          rowLabel={(row) => row.name}
          rowHref={(row) => `/actors/${row.id}`}
          onOpen={(row) => void navigate({ to: "/actors/$actorId", params: { actorId: row.id } })}
          compact={(row) => <CompactRow row={row} />}
        />
      )}
    </Page>
  );
}

const COLUMNS: Column<Row>[] = [
  { id: "name", header: "Name", cell: (row) => <Name row={row} /> },
  {
    id: "title",
    header: "Title",
    grows: true,
    cell: (row) => (row.title && row.title !== row.name ? row.title : MISSING),
  },
  { id: "builds", header: "Builds", isNumber: true, hideBelow: "narrow", cell: (row) => count(row.stats?.totalBuilds) },
  { id: "lastRun", header: "Last run", cell: (row) => <LastRunCell row={row} /> },
  { id: "recent", header: "Runs in 7 days", isNumber: true, hideBelow: "narrow", cell: (row) => count(row.recentRuns) },
  { id: "all", header: "All runs", isNumber: true, hideBelow: "wide", cell: (row) => count(row.stats?.totalRuns) },
  { id: "modified", header: "Modified", isNumber: true, cell: (row) => shortTime(row.modifiedAt) },
];

function Name({ row }: { row: Row }) {
  return (
    <span>
      <span className={styles.user}>{row.username}/</span>
      <b className={styles.name}>{row.name}</b>
    </span>
  );
}

function LastRunCell({ row }: { row: Row }) {
  const { lastRun } = row;
  const startedAt = lastRun?.startedAt ?? lastStartOf(row);
  if (!startedAt) return MISSING;
  return (
    <span className={styles.last}>
      {lastRun && <StatusPill status={lastRun.status} small />}
      {shortTime(startedAt)}
    </span>
  );
}

function CompactRow({ row }: { row: Row }) {
  return (
    <span className={styles.compact}>
      <span className={styles.last}>
        <b className={styles.name}>{row.name}</b>
        {row.lastRun && <StatusPill status={row.lastRun.status} small />}
      </span>
      <span className={styles.user}>
        {plural(row.stats?.totalRuns ?? 0, "run")}, modified {shortTime(row.modifiedAt)}
      </span>
    </span>
  );
}

function rowsOf(actors: ActorInList[], runs: readonly LastRun[] | undefined, total: number | undefined): Row[] {
  const isWhole = runs !== undefined && total !== undefined && total <= runs.length;
  return actors.map((actor) => {
    const own = runs?.filter(({ actorId }) => actorId === actor.id) ?? [];
    return { ...actor, lastRun: own[0], recentRuns: isWhole ? own.length : null };
  });
}

function lastStartOf({ stats }: Row): string | undefined {
  return stats?.lastRunStartedAt;
}

function isFound({ name, title, username }: Row, q: string): boolean {
  return `${username}/${name} ${title ?? ""}`.toLowerCase().includes(q.trim().toLowerCase());
}
