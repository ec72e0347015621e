import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ActorRecord, type BuildInList, buildsQuery } from "@/api/actors";
import { duration, shortTime } from "@/format/times";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { isLive, StatusPill, statusLabel } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";
import { useListSearch } from "@/ui/useListSearch";
import styles from "./BuildsTab.module.css";
import { TabList } from "./TabList";

/** The builds of an Actor, newest first. */
export default function BuildsTab({ actor }: { actor: ActorRecord }) {
  const { data, error, isPending, refetch } = useQuery(buildsQuery(actor.id));
  const navigate = useNavigate();
  const { q, found, onSearch } = useListSearch(data?.items, (build) => textOfBuild(actor, build));
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (isPending) return <Skeleton lines={6} height={24} />;
  if (data.items.length === 0) {
    return <Empty command={`greenroom build ${actor.name}`}>{actor.name} has no builds yet. Build it.</Empty>;
  }
  const open = ({ buildNumber }: BuildInList) =>
    void navigate({
      to: "/actors/$actorId/$tab/$item",
      params: { actorId: actor.id, tab: "builds", item: buildNumber },
    });
  return (
    <TabList>
      <Toolbar>
        <SearchField value={q} label="Search the builds" placeholder="Number, tag or status" onChange={onSearch} />
      </Toolbar>
      {found.length === 0 ? (
        <Empty>
          No build of {actor.name} contains “{q}” in its number, its tags, its status or its origin.
        </Empty>
      ) : (
        <Table
          label="Builds"
          columns={columnsOf(actor)}
          rows={found}
          rowId={(build) => build.id}
          rowLabel={(build) => `Build ${build.buildNumber}`}
          rowHref={(build) => `/actors/${actor.id}/builds/${build.buildNumber}`}
          onOpen={open}
          compact={(build) => <CompactBuild actor={actor} build={build} />}
        />
      )}
    </TabList>
  );
}

/** What a search finds a build by. */
function textOfBuild(actor: ActorRecord, build: BuildInList): string {
  return [build.buildNumber, ...tagsOf(actor, build.id), statusLabel(build.status), originOf(build)].join(" ");
}

function CompactBuild({ actor, build }: { actor: ActorRecord; build: BuildInList }) {
  return (
    <span className={styles.compact}>
      <span className={styles.line}>
        <StatusPill status={build.status} small />
        {build.buildNumber}
        <Tags actor={actor} build={build} />
      </span>
      <span className={styles.note}>
        {shortTime(String(build.startedAt))} · {duration(millisOf(build))}
      </span>
    </span>
  );
}

function columnsOf(actor: ActorRecord): Column<BuildInList>[] {
  return [
    { id: "status", header: "Status", cell: (build) => <StatusPill status={build.status} small /> },
    { id: "number", header: "Number", cell: (build) => <b className={styles.number}>{build.buildNumber}</b> },
    { id: "tags", header: "Tags", grows: true, cell: (build) => <Tags actor={actor} build={build} /> },
    { id: "origin", header: "Origin", hideBelow: "narrow", cell: (build) => originOf(build) },
    { id: "started", header: "Started", isNumber: true, cell: (build) => shortTime(String(build.startedAt)) },
    { id: "duration", header: "Duration", isNumber: true, cell: (build) => duration(millisOf(build)) },
  ];
}

function Tags({ actor, build }: { actor: ActorRecord; build: BuildInList }) {
  return (
    <span className={styles.line}>
      {tagsOf(actor, build.id).map((tag) => (
        <span key={tag} className={styles.tag}>
          {tag}
        </span>
      ))}
    </span>
  );
}

export function tagsOf(actor: ActorRecord, buildId: string): string[] {
  return Object.entries(actor.taggedBuilds ?? {}).flatMap(([tag, build]) => (build?.buildId === buildId ? [tag] : []));
}

function originOf({ meta }: BuildInList): string {
  return (meta as { origin?: string } | undefined)?.origin ?? "";
}

/** The duration of a build that has ended. */
function millisOf({ status, startedAt, finishedAt }: BuildInList): number | null {
  if (isLive(status) || !finishedAt) return null;
  return Date.parse(String(finishedAt)) - Date.parse(String(startedAt));
}
