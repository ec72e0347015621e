import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { eventLabel, type WebhookShort, webhooksQuery } from "@/api/webhooks";
import { count, plural } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { StatusPill } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";
import { ConditionLink } from "./ConditionLink";

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
      {data ? <WebhookTable webhooks={data.items} /> : !error && <Skeleton />}
    </Page>
  );
}

const COMMAND = `apify api POST webhooks -d '{"eventTypes": ["ACTOR.RUN.FAILED"], "requestUrl": "http://localhost:8080/", "condition": {"actorId": "ID"}}'`;

/** Webhooks with their targets and last results. The pages of Actors show theirs with it too. */
export function WebhookTable({ webhooks }: { webhooks: WebhookShort[] }) {
  const navigate = useNavigate();
  const href = (webhook: WebhookShort) => `/webhooks/${webhook.id}`;
  if (webhooks.length === 0) {
    return <Empty command={COMMAND}>A webhook calls a URL when a run or build changes its status.</Empty>;
  }
  return (
    <Table
      label="Webhooks"
      columns={COLUMNS}
      rows={webhooks}
      rowId={(webhook) => webhook.id}
      rowLabel={(webhook) => `Webhook to ${webhook.requestUrl}`}
      rowHref={href}
      onOpen={(webhook) => navigate({ href: href(webhook) })}
      compact={(webhook) => (
        <>
          {webhook.requestUrl}
          <br />
          {webhook.eventTypes.map(eventLabel).join(", ")}
        </>
      )}
    />
  );
}

const COLUMNS: Column<WebhookShort>[] = [
  { id: "target", header: "Target", grows: true, cell: (webhook) => webhook.requestUrl },
  { id: "events", header: "Events", grows: true, cell: (webhook) => webhook.eventTypes.map(eventLabel).join(", ") },
  { id: "on", header: "Of", cell: (webhook) => <ConditionLink condition={webhook.condition} /> },
  {
    id: "last",
    header: "Last result",
    cell: ({ lastDispatch }) => (lastDispatch ? <DispatchStatus status={lastDispatch.status} /> : "–"),
  },
  {
    id: "dispatches",
    header: "Dispatches",
    isNumber: true,
    hideBelow: "wide",
    cell: (webhook) => count(webhook.stats?.totalDispatches),
  },
  {
    id: "created",
    header: "Created",
    isNumber: true,
    hideBelow: "narrow",
    cell: (webhook) => shortTime(webhook.createdAt),
  },
];

/** The status of a dispatch. An active one is being sent, or waits for its next call. */
export function DispatchStatus({ status }: { status: string }) {
  return status === "ACTIVE" ? <StatusPill status="READY" text="Active" small /> : <StatusPill status={status} small />;
}
