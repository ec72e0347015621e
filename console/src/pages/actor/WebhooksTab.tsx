import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type ActorRecord, actorWebhooksQuery } from "@/api/actors";
import { WebhookTable } from "@/pages/webhooks/WebhookTable";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Toolbar } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";

/** The webhooks that runs and builds of this Actor call. */
export default function WebhooksTab({ actor }: { actor: ActorRecord }) {
  const { data, error, isPending, refetch } = useQuery(actorWebhooksQuery(actor.id));
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (isPending) return <Skeleton lines={4} height={24} />;
  const create = (
    <Link
      to="/webhooks/$webhookId"
      params={{ webhookId: "new" }}
      search={{ actor: actor.id }}
      className={buttonClass("secondary", true)}
    >
      <Plus aria-hidden />
      Create a webhook
    </Link>
  );
  if (data.items.length === 0) {
    return (
      <Empty command={commandOf(actor)} action={create}>
        A webhook calls a URL when a run or build of this Actor changes its status.
      </Empty>
    );
  }
  return (
    <>
      <Toolbar>{create}</Toolbar>
      <WebhookTable webhooks={data.items} />
    </>
  );
}

function commandOf({ id }: ActorRecord): string {
  const webhook = {
    eventTypes: ["ACTOR.RUN.FAILED"],
    requestUrl: "http://localhost:8080/",
    condition: { actorId: id },
  };
  return `apify api POST webhooks -d '${JSON.stringify(webhook)}'`;
}
