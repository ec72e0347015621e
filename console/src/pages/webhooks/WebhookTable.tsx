import { useNavigate } from "@tanstack/react-router";
import { eventLabel, type WebhookShort } from "@/api/webhooks";
import { count, MISSING } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { StatusPill } from "@/ui/StatusPill";
import { type Column, Table } from "@/ui/Table";
import { ConditionLink } from "./ConditionLink";
import styles from "./Webhooks.module.css";

/** What a search finds a webhook by. */
export function textOfWebhook({ id, requestUrl, eventTypes, condition }: WebhookShort): string {
  return [id, requestUrl, ...eventTypes.map(eventLabel), ...Object.values(condition)].join(" ");
}

/** Webhooks with their targets and last results. The pages of Actors show theirs with it too. */
export function WebhookTable({ webhooks }: { webhooks: WebhookShort[] }) {
  const navigate = useNavigate();
  const href = (webhook: WebhookShort) => `/webhooks/${webhook.id}`;
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
          <span className={styles.quiet}>{webhook.eventTypes.map(eventLabel).join(", ")}</span>
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
    cell: ({ lastDispatch }) => (lastDispatch ? <DispatchStatus status={lastDispatch.status} /> : MISSING),
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
