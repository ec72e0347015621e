import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ActorRecord, lastRunsQuery } from "@/api/actors";
import { RunsTable } from "@/pages/tasks/RunsTable";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";

const SHOWN_RUNS = 200;

export default function ActorRunsTab({ actor }: { actor: ActorRecord }) {
  const { data, error, isPending, refetch } = useQuery(lastRunsQuery(actor.id, SHOWN_RUNS));
  const navigate = useNavigate();
  if (error) return <QueryError error={error} refetch={refetch} />;
  if (isPending) return <Skeleton lines={6} height={24} />;
  if (data.items.length === 0) {
    return <Empty command={`greenroom call ${actor.name}`}>{actor.name} has no runs yet. Start one.</Empty>;
  }
  return (
    <RunsTable
      runs={data.items}
      onOpen={(run) =>
        void navigate({ to: "/actors/$actorId/runs/$runId", params: { actorId: actor.id, runId: run.id } })
      }
    />
  );
}
