import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Database } from "lucide-react";
import { isNotFound } from "@/api/errors";
import { storageQuery } from "@/api/storageRecords";
import { QueueView } from "@/storages/queue/QueueView";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import type { RunTabProps } from "../tabs";
import { DeletedStorage } from "./DeletedStorage";

/** The requests of the run's default request queue. */
export function RequestsTab({ run }: RunTabProps) {
  const { data: queue, error, refetch } = useQuery(storageQuery("request-queue", run.defaultRequestQueueId));
  if (isNotFound(error)) return <DeletedStorage kind="request-queue" />;
  if (error && !queue) return <QueryError error={error} refetch={refetch} />;
  if (!queue) return <Skeleton lines={8} height={24} />;
  return (
    <QueueView
      queue={queue}
      empty={<Empty>The run stored no requests. Crawlers store here which pages they have to visit.</Empty>}
      actions={
        <Link
          to="/storage/request-queues/$queueId"
          params={{ queueId: queue.id }}
          className={buttonClass("quiet", true)}
          title={queue.id}
        >
          <Database aria-hidden />
          Open queue
        </Link>
      }
    />
  );
}
