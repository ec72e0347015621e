import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { webhooksQuery } from "@/api/webhooks";
import { plural } from "@/format/numbers";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Page, Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { useListSearch } from "@/ui/useListSearch";
import { textOfWebhook, WebhookTable } from "./WebhookTable";

export function WebhooksPage() {
  const { data, error, refetch } = useQuery(webhooksQuery);
  const { q, found, onSearch } = useListSearch(data?.items, textOfWebhook);
  const create = (
    <Link to="/webhooks/$webhookId" params={{ webhookId: "new" }} className={buttonClass("primary")}>
      <Plus aria-hidden /> Create a webhook
    </Link>
  );
  return (
    <Page title="Webhooks" note={data && plural(data.total, "webhook")} actions={create}>
      <Toolbar>
        <SearchField value={q} label="Search the webhooks" placeholder="Target, event or ID" onChange={onSearch} />
      </Toolbar>
      {error && <QueryError error={error} refetch={refetch} />}
      {!data && !error && <Skeleton />}
      {data?.total === 0 && (
        <Empty command={COMMAND}>A webhook calls a URL when a run or build changes its status.</Empty>
      )}
      {data && data.total > 0 && found.length === 0 && (
        <Empty>No webhook contains “{q}” in its target, its events or the ID of what it waits for.</Empty>
      )}
      {found.length > 0 && <WebhookTable webhooks={found} />}
    </Page>
  );
}

const COMMAND = `apify api POST webhooks -d '{"eventTypes": ["ACTOR.RUN.FAILED"], "requestUrl": "http://localhost:8080/", "condition": {"actorId": "ID"}}'`;
