import { useParams } from "@tanstack/react-router";
import { KINDS } from "@/storages/kinds";
import { QueueView } from "@/storages/queue/QueueView";
import { Empty } from "@/ui/Empty";
import { StoragePage } from "./StoragePage";

export function RequestQueuePage() {
  const { queueId = "" } = useParams({ strict: false });
  return (
    <StoragePage kind="request-queue" id={queueId}>
      {(queue) => (
        <QueueView
          queue={queue}
          empty={<Empty command={KINDS["request-queue"].emptyCommand}>This request queue is empty.</Empty>}
        />
      )}
    </StoragePage>
  );
}
