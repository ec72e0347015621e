import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ActorRecord, actorWebhooksQuery } from "@/api/actors";
import { WebhookTable } from "@/pages/webhooks/WebhookTable";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";

/** The webhooks that runs and builds of this Actor call. */
export default function WebhooksTab({ actor }: { actor: ActorRecord }) {
  const { data, error, isPending, refetch } = useQuery(actorWebhooksQuery(actor.id));
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (isPending) return <Skeleton lines={4} height={24} />;
  if (data.items.length === 0) {
    const all = (
      <Link to="/webhooks" className={buttonClass()}>
        Webhooks
      </Link>
    );
    return <Empty action={all}>A webhook calls a URL when a run or build of this Actor changes its status.</Empty>;
  }
  return <WebhookTable webhooks={data.items} />;
}
