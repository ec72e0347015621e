import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { actorQuery } from "@/api/actors";
import { isNotFound } from "@/api/errors";
import { taskQuery } from "@/api/tasks";

/** The name of an Actor as a link to it; its id while the name is unknown, and for an Actor that was deleted. */
export function ActorLink({ id }: { id: string }) {
  const { data, error } = useQuery(actorQuery(id));
  if (isNotFound(error)) return <span title="This Actor was deleted.">{id}</span>;
  return (
    <Link to="/actors/$actorId" params={{ actorId: id }}>
      {data?.name ?? id}
    </Link>
  );
}

export function TaskLink({ id }: { id: string }) {
  const { data, error } = useQuery(taskQuery(id));
  if (isNotFound(error)) return <span title="This task was deleted.">{id}</span>;
  return (
    <Link to="/actors/tasks/$taskId" params={{ taskId: id }}>
      {data?.name ?? id}
    </Link>
  );
}

export function RunLink({ id }: { id: string }) {
  return (
    <Link to="/actors/runs/$runId" params={{ runId: id }}>
      <code>{id}</code>
    </Link>
  );
}
