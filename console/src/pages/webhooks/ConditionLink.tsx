import type { Webhook } from "@/api/webhooks";
import { ActorLink, RunLink, TaskLink } from "@/links/RecordLink";

/** What a webhook waits for events of. */
export function ConditionLink({ condition }: { condition: Webhook["condition"] }) {
  if (condition.actorRunId) return <RunLink id={condition.actorRunId} />;
  if (condition.actorTaskId) return <TaskLink id={condition.actorTaskId} />;
  if (condition.actorId) return <ActorLink id={condition.actorId} />;
  return <>All Actors</>;
}
