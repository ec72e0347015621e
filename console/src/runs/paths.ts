import type { RunSummary } from "@/api/runs";

/** The address of a run's page. */
export function runPath({ actorId, id }: Pick<RunSummary, "actorId" | "id">): string {
  return `/actors/${actorId}/runs/${id}`;
}
