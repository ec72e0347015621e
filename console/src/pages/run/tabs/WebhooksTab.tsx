import { useQuery } from "@tanstack/react-query";
import { runDispatchesQuery } from "@/api/runDetails";
import { DispatchList } from "@/pages/webhooks/Dispatches";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Padded } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import type { RunTabProps } from "../tabs";

/** The dispatches of webhooks for events of this run, the newest first, each with its calls. */
export function WebhooksTab({ run }: RunTabProps) {
  const { data, error, refetch } = useQuery(runDispatchesQuery(run.id));
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={5} />;
  if (data.items.length === 0) {
    const webhook = {
      eventTypes: ["ACTOR.RUN.FAILED"],
      requestUrl: "http://localhost:8080/",
      condition: { actorId: run.actId },
    };
    return (
      <Empty command={`apify api POST webhooks -d '${JSON.stringify(webhook)}'`}>
        No webhook was called for this run. A webhook calls a URL when a run or build changes its status.
      </Empty>
    );
  }
  return (
    <Padded>
      {data.items.length < data.total && (
        <p>
          The last {data.items.length} dispatches of {data.total}:
        </p>
      )}
      <DispatchList dispatches={data.items} />
    </Padded>
  );
}
