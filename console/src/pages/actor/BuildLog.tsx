import { useQuery } from "@tanstack/react-query";
import { request } from "@/api/client";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import styles from "./BuildLog.module.css";

const REFRESH_MILLIS = 1000;

/** The log of a build, which is at most a few thousand lines. */
export function BuildLog({ buildId, isLive }: { buildId: string; isLive: boolean }) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["build", buildId, "log"],
    queryFn: async ({ signal }) => (await request(`/v2/logs/${buildId}`, { signal })).text(),
    refetchInterval: isLive ? REFRESH_MILLIS : false,
  });
  if (error) return <QueryError error={error} refetch={refetch} />;
  if (isPending) return <Skeleton lines={8} />;
  if (data === "") return <Empty command={`greenroom logs ${buildId}`}>The log of this build is empty.</Empty>;
  return (
    <section className={styles.log} aria-label="Log of the build">
      <pre>{data}</pre>
    </section>
  );
}
