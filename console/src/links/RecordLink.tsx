import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { dataOf, platform } from "@/api/client";
import { isNotFound } from "@/api/errors";

export const actorQuery = (id: string) =>
  queryOptions({
    queryKey: ["actor", id],
    queryFn: ({ signal }) =>
      dataOf(platform.GET("/v2/actors/{actorId}", { params: { path: { actorId: id } }, signal })),
  });

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ["task", id],
    queryFn: ({ signal }) =>
      dataOf(platform.GET("/v2/actor-tasks/{actorTaskId}", { params: { path: { actorTaskId: id } }, signal })),
  });

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
