import type { QueueRequest } from "@/api/queueRequests";
import { count, MISSING } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { isObject } from "@/json/exact";
import { StatusPill } from "@/ui/StatusPill";
import type { Column } from "@/ui/Table";
import { outcomeLabel } from "./outcomes";
import styles from "./Queue.module.css";

const STATUSES = { pending: "READY", locked: "RUNNING", handled: "SUCCEEDED", failed: "FAILED" } as const;

export function OutcomePill({ outcome }: { outcome: QueueRequest["outcome"] }) {
  return <StatusPill status={STATUSES[outcome]} text={outcomeLabel(outcome)} small />;
}

/** The label by which the Actor routes the request, as Crawlee stores it. */
function labelOf({ userData }: QueueRequest): string {
  return isObject(userData) && typeof userData.label === "string" ? userData.label : MISSING;
}

/** The first line of the last error. */
function lastError({ errorMessages }: QueueRequest): string | undefined {
  return errorMessages?.at(-1)?.split("\n", 1)[0];
}

export const REQUEST_COLUMNS: Column<QueueRequest>[] = [
  { id: "outcome", header: "Outcome", width: 136, cell: ({ outcome }) => <OutcomePill outcome={outcome} /> },
  { id: "method", header: "Method", width: 72, cell: ({ method }) => <code>{method ?? "GET"}</code> },
  { id: "url", header: "URL", grows: true, cell: ({ url }) => <span title={url}>{url}</span> },
  { id: "label", header: "Label", width: 112, hideBelow: "narrow", cell: labelOf },
  {
    id: "error",
    header: "Last error",
    width: 260,
    hideBelow: "wide",
    cell: (request) => <span className={styles.problem}>{lastError(request) ?? MISSING}</span>,
  },
  { id: "retries", header: "Retries", width: 80, isNumber: true, cell: ({ retryCount }) => count(retryCount) },
  { id: "handled", header: "Handled", width: 128, isNumber: true, cell: ({ handledAt }) => shortTime(handledAt) },
];

/** A request on a telephone: outcome and retries, then its URL. */
export function CompactRequest({ request }: { request: QueueRequest }) {
  return (
    <span className={styles.compact}>
      <OutcomePill outcome={request.outcome} />
      <span className={styles.quiet}>{shortTime(request.handledAt)}</span>
      <span className={styles.url}>{request.url}</span>
    </span>
  );
}
