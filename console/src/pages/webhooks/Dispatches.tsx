import { useQuery } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useRef, useState } from "react";
import { messageOf } from "@/api/errors";
import { type Dispatch, dispatchesQuery, eventLabel, useSendAgain, webhookRequestQuery } from "@/api/webhooks";
import { MISSING, plural } from "@/format/numbers";
import { duration, shortTime } from "@/format/times";
import { indentJson } from "@/json/exact";
import { RunLink } from "@/links/RecordLink";
import { Button } from "@/ui/Button";
import { QueryError } from "@/ui/ErrorNote";
import { Details } from "@/ui/Facts";
import { useListKeys } from "@/ui/listKeys";
import { Skeleton } from "@/ui/Skeleton";
import { showToast } from "@/ui/toasts";
import styles from "./Webhooks.module.css";
import { DispatchStatus } from "./WebhookTable";

/** The dispatches of a webhook, the newest first, each with its calls. */
export function Dispatches({ webhookId }: { webhookId: string }) {
  const { data, error, refetch } = useQuery(dispatchesQuery(webhookId));
  return (
    <section className={styles.dispatches} aria-labelledby="dispatches-title">
      <h2 id="dispatches-title">Dispatches {data && <span className={styles.note}>{data.total}</span>}</h2>
      {error && <QueryError error={error} refetch={refetch} />}
      {!data && !error && <Skeleton />}
      {data?.total === 0 && <p>No event has been sent yet.</p>}
      {data && <DispatchList dispatches={data.items} />}
    </section>
  );
}

/** Dispatches, which open with a click or with keys. */
export function DispatchList({ dispatches }: { dispatches: readonly Dispatch[] }) {
  const list = useRef<HTMLDivElement>(null);
  useListKeys(list, "summary");
  return (
    <div ref={list} className={styles.list}>
      {dispatches.map((dispatch) => (
        <DispatchEntry key={dispatch.id} dispatch={dispatch} />
      ))}
    </div>
  );
}

/** One dispatch. Its request and calls are shown after a click. */
function DispatchEntry({ dispatch }: { dispatch: Dispatch }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles.dispatch} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <DispatchStatus status={dispatch.status} />
        <span>{eventLabel(dispatch.eventType)}</span>
        <span className={styles.note}>
          {shortTime(dispatch.createdAt)}, {plural(dispatch.calls?.length ?? 0, "call")}
        </span>
      </summary>
      {isOpen && <DispatchDetails dispatch={dispatch} />}
    </details>
  );
}

function DispatchDetails({ dispatch }: { dispatch: Dispatch }) {
  const { data: request, error, refetch } = useQuery(webhookRequestQuery(dispatch.id));
  const again = useSendAgain(dispatch.id);
  const send = () =>
    again.mutate(undefined, { onError: (cause) => showToast({ kind: "error", text: messageOf(cause) }) });
  return (
    <div className={styles.details}>
      {error && <QueryError error={error} refetch={refetch} />}
      {request && (
        <Details
          rows={{
            ID: <code>{dispatch.id}</code>,
            Run: dispatch.eventData?.actorRunId ? <RunLink id={dispatch.eventData.actorRunId} /> : MISSING,
            URL: <code>{request.url}</code>,
            Headers: <Headers headers={request.headers} />,
            Payload: <pre>{indentJson(request.payload)}</pre>,
            "Next call": shortTime(request.nextCallAt),
          }}
        />
      )}
      <ol>
        {dispatch.calls?.map((call) => (
          <li key={call.startedAt}>
            {shortTime(call.startedAt)} <b>{call.responseStatus ?? "No response"}</b> in {callDuration(call)}
            {call.errorMessage && <p className={styles.problem}>{call.errorMessage}</p>}
            {call.responseBody && <pre>{call.responseBody}</pre>}
          </li>
        ))}
      </ol>
      <Button small icon={<RotateCcw aria-hidden />} needsServer isPending={again.isPending} onClick={send}>
        Send again
      </Button>
    </div>
  );
}

function Headers({ headers }: { headers: Record<string, string | null> }) {
  const entries = Object.entries(headers);
  if (entries.length === 0) return <>{MISSING}</>;
  return (
    <>
      {entries.map(([name, value]) => (
        <div key={name}>
          <code>{name}</code>: {value === null ? "hidden" : <code>{value}</code>}
        </div>
      ))}
    </>
  );
}

type Call = NonNullable<Dispatch["calls"]>[number];

function callDuration(call: Call): string {
  if (!call.startedAt || !call.finishedAt) return MISSING;
  return duration(Date.parse(call.finishedAt) - Date.parse(call.startedAt));
}
