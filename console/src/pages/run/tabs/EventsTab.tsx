import { useQuery, useQueryClient } from "@tanstack/react-query";
import {
  Activity,
  Ban,
  Box,
  CircleDot,
  Globe,
  type LucideIcon,
  MemoryStick,
  OctagonX,
  Play,
  RotateCcw,
  UserRound,
} from "lucide-react";
import { type TimelineEntry, timelineQuery } from "@/api/runDetails";
import { count } from "@/format/numbers";
import { clockTime, duration, fullTime } from "@/format/times";
import { RunLink } from "@/links/RecordLink";
import { useTopic } from "@/live/topics";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { isLive } from "@/ui/StatusPill";
import { useAddress } from "@/ui/useAddress";
import type { RunTabProps } from "../tabs";
import { appendEntry } from "../timeline";
import styles from "./Tabs.module.css";

const KINDS: Record<TimelineEntry["kind"], [icon: LucideIcon, isBad?: boolean]> = {
  created: [Play],
  status: [CircleDot],
  order: [UserRound],
  limit: [OctagonX, true],
  "container-started": [Box],
  "container-ended": [Ban],
  restarted: [RotateCcw],
  "oom-kill": [MemoryStick, true],
  "web-server-ready": [Globe],
  "system-event": [Activity],
};

type Filter = "" | "orders" | "system-events";

/** System events and orders on one time line, oldest first. A live run adds to it. */
export function EventsTab({ run }: RunTabProps) {
  const query = timelineQuery(run.id);
  const { data, error, refetch } = useQuery(query);
  const queries = useQueryClient();
  const { get, change } = useAddress();
  useTopic(isLive(run.status) ? `run:${run.id}` : null, (events) => {
    const added = events.flatMap((event) => (event.name === "timeline" ? [event.data] : []));
    queries.setQueryData(query.queryKey, (shown) => shown && added.reduce(appendEntry, shown));
  });
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={8} />;
  if (data.entries.length === 0) {
    return <Empty>No events of this run are stored. An earlier version of Greenroom started it.</Empty>;
  }
  const filter = get("events") as Filter;
  const shown = data.entries.filter((entry) => isShown(entry, filter));
  const numberOf = (each: Filter) => data.entries.filter((entry) => isShown(entry, each)).length;
  return (
    <>
      <div className={styles.toolbar}>
        <Segmented<Filter>
          label="Events"
          value={filter}
          segments={[
            { value: "", label: "All", count: numberOf("") },
            { value: "orders", label: "Orders", count: numberOf("orders") },
            { value: "system-events", label: "System events", count: numberOf("system-events") },
          ]}
          onChange={(value) => change({ events: value })}
        />
        {data.omitted > 0 && (
          <span className={styles.quiet}>{count(data.omitted)} in the middle are not stored any more</span>
        )}
      </div>
      {shown.length === 0 && <Empty>The run has none of these events.</Empty>}
      <ol className={styles.events}>
        {shown.map((entry) => (
          <Entry key={entry.position} entry={entry} startedAt={data.entries[0]?.at ?? entry.at} />
        ))}
      </ol>
    </>
  );
}

function isShown({ kind }: TimelineEntry, filter: Filter): boolean {
  if (filter === "system-events") return kind === "system-event";
  return filter !== "orders" || kind === "order" || kind === "created";
}

function Entry({ entry, startedAt }: { entry: TimelineEntry; startedAt: number }) {
  const [Icon, isBad = false] = KINDS[entry.kind] ?? [CircleDot];
  return (
    <li className={styles.event} data-bad={isBad || (entry.exitCode ?? 0) !== 0}>
      <Icon aria-hidden />
      <time dateTime={new Date(entry.at).toISOString()} title={fullTime(entry.at)}>
        {clockTime(entry.at)}
      </time>
      <span className={styles.after}>+{duration(entry.at - startedAt)}</span>
      <span className={styles.sentence}>
        {entry.sentence} <OrderedBy entry={entry} />
      </span>
    </li>
  );
}

/** The sentence names who ordered it; another run is a link too. */
function OrderedBy({ entry: { orderedBy } }: { entry: TimelineEntry }) {
  return orderedBy?.kind === "run" && orderedBy.runId ? <RunLink id={orderedBy.runId} /> : null;
}
