import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { webhooksQuery } from "@/api/webhooks";
import { plural } from "@/format/numbers";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { WebhookTable } from "./WebhookTable";

export function WebhooksPage() {
  const { data, error, refetch } = useQuery(webhooksQuery);
  const create = (
    <Link to="/webhooks/$webhookId" params={{ webhookId: "new" }} className={buttonClass("primary")}>
      <Plus aria-hidden /> Create a webhook
    </Link>
  );
  return (
    <Page title="Webhooks" note={data && plural(data.total, "webhook")} actions={create}>
      {error && <QueryError error={error} refetch={refetch} />}
      {data?.total === 0 && (
        <Empty command={COMMAND}>A webhook calls a URL when a run or build changes its status.</Empty>
      )}
      {data ? data.total > 0 && <WebhookTable webhooks={data.items} /> : !error && <Skeleton />}
    </Page>
  );
}

const COMMAND = `apify api POST webhooks -d '{"eventTypes": ["ACTOR.RUN.FAILED"], "requestUrl": "http://localhost:8080/", "condition": {"actorId": "ID"}}'`;
