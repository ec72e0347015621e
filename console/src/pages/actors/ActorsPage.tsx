import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type ActorInList, actorsQuery } from "@/api/actors";
import { actorJobsQuery, type JobsOfActor } from "@/api/jobs";
import { count, MISSING, plural } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { LastRunCell } from "@/links/LastRunCell";
import { refetchSoon } from "@/live/events";
import { useTopic } from "@/live/topics";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Page, Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { StatusPill } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";
import { useListSearch } from "@/ui/useListSearch";
import styles from "./ActorsPage.module.css";

type Row = ActorInList & { jobs: JobsOfActor | undefined };

export function ActorsPage() {
  const { data, error, isPending, refetch } = useQuery(actorsQuery);
  const jobs = useQuery(actorJobsQuery).data;
  useTopic("builds", () => refetchSoon(actorJobsQuery.queryKey));
  const navigate = useNavigate();
  const { q, found, onSearch } = useListSearch(data?.items, textOf);
  const rows = found.map((actor): Row => ({ ...actor, jobs: jobs?.get(actor.id) }));
  const newActor = (
    <Link to="/actors/new" className={buttonClass("primary")}>
      <Plus aria-hidden />
      New Actor
    </Link>
  );
  return (
    <Page title="Actors" note={data && plural(data.total, "Actor")} actions={newActor}>
      <Toolbar>
        <SearchField value={q} label="Search the Actors" placeholder="Name or title" onChange={onSearch} />
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
  { id: "build", header: "Latest build", hideBelow: "narrow", cell: (row) => <LatestBuild row={row} /> },
  { id: "lastRun", header: "Last run", cell: (row) => <LastRunCell run={row.jobs?.lastRun} /> },
  { id: "recent", header: "Runs in 7 days", isNumber: true, hideBelow: "narrow", cell: recentRuns },
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

/** A build that succeeded needs no status. */
function LatestBuild({ row }: { row: Row }) {
  const build = row.jobs?.latestBuild;
  if (!build) return MISSING;
  return (
    <span className={styles.last}>
      {build.buildNumber}
      {build.status !== "SUCCEEDED" && <StatusPill status={build.status} small />}
    </span>
  );
}

function recentRuns({ jobs, stats }: Row): string {
  return jobs === undefined && (stats?.totalRuns ?? 0) > 0 ? MISSING : count(jobs?.recentRuns ?? 0);
}

function CompactRow({ row }: { row: Row }) {
  return (
    <span className={styles.compact}>
      <span className={styles.last}>
        <b className={styles.name}>{row.name}</b>
        {row.jobs?.lastRun && <StatusPill status={row.jobs.lastRun.status} small />}
      </span>
      <span className={styles.user}>
        {plural(row.stats?.totalRuns ?? 0, "run")}, modified {shortTime(row.modifiedAt)}
      </span>
    </span>
  );
}

function textOf({ name, title, username }: ActorInList): string {
  return `${username}/${name} ${title ?? ""}`;
}
