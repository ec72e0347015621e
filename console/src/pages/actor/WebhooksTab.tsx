import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type ActorRecord, actorWebhooksQuery } from "@/api/actors";
import { textOfWebhook, WebhookTable } from "@/pages/webhooks/WebhookTable";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { useListSearch } from "@/ui/useListSearch";
import { TabList } from "./TabList";

/** The webhooks that runs and builds of this Actor call. */
export default function WebhooksTab({ actor }: { actor: ActorRecord }) {
  const { data, error, isPending, refetch } = useQuery(actorWebhooksQuery(actor.id));
  const { q, found, onSearch } = useListSearch(data?.items, textOfWebhook);
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
    <TabList>
      <Toolbar>
        <SearchField value={q} label="Search the webhooks" placeholder="Target, event or ID" onChange={onSearch} />
        {create}
      </Toolbar>
      {found.length === 0 ? (
        <Empty>
          No webhook of {actor.name} contains “{q}” in its target, its events or its ID.
        </Empty>
      ) : (
        <WebhookTable webhooks={found} />
      )}
    </TabList>
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
