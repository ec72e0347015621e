import { useQuery } from "@tanstack/react-query";
import { scheduleLogQuery } from "@/api/schedules";
import { shortTime } from "@/format/times";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import styles from "./Schedules.module.css";

/** What happened at the times of a schedule, the newest first. */
export function ScheduleLog({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(scheduleLogQuery(id));
  return (
    <section className={styles.log} aria-labelledby="log-title">
      <h2 id="log-title">Log</h2>
      {error && <QueryError error={error} refetch={refetch} />}
      {!data && !error && <Skeleton />}
      {data?.length === 0 && <p>The schedule has not run yet.</p>}
      <ol>
        {[...(data ?? [])].reverse().map((entry) => (
          <li key={`${entry.createdAt} ${entry.message}`} data-level={entry.level}>
            <time dateTime={entry.createdAt}>{shortTime(entry.createdAt)}</time> {entry.message}
          </li>
        ))}
      </ol>
    </section>
  );
}
