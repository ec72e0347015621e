import { useQuery } from "@tanstack/react-query";
import { type QueueRequest, queueRequestQuery } from "@/api/queueRequests";
import { count, MISSING } from "@/format/numbers";
import { fullTime } from "@/format/times";
import { type Json, writeJson } from "@/json/exact";
import { CopyButton } from "@/ui/CopyButton";
import { QueryError } from "@/ui/ErrorNote";
import { Details } from "@/ui/Facts";
import { SidePanel } from "@/ui/SidePanel";
import { Skeleton } from "@/ui/Skeleton";
import { JsonTree } from "../JsonTree";
import styles from "./Queue.module.css";
import { OutcomePill } from "./requestColumns";

type Props = { queueId: string; requests: QueueRequest[]; id: string; onId: (id: string | null) => void };

/** One request with its errors and user data. It may be one that the list has not loaded. */
export function RequestPanel({ queueId, requests, id, onId }: Props) {
  const index = requests.findIndex((each) => each.id === id);
  const listed = requests[index];
  const fetched = useQuery({ ...queueRequestQuery(queueId, id), enabled: listed === undefined });
  const request = listed ?? fetched.data;
  const [before, after] = index < 0 ? [undefined, undefined] : [requests[index - 1], requests[index + 1]];
  return (
    <SidePanel
      title="Request"
      note={<code>{id}</code>}
      onClose={() => onId(null)}
      onPrevious={before && (() => onId(before.id))}
      onNext={after && (() => onId(after.id))}
      actions={request && <CopyButton text={writeJson(request, 2)} label="Copy as JSON" />}
    >
      {fetched.error && <QueryError error={fetched.error} refetch={fetched.refetch} />}
      {!request && !fetched.error && <Skeleton lines={6} />}
      {request && <Request request={request} outcome={listed?.outcome} />}
    </SidePanel>
  );
}

type RequestProps = { request: Omit<QueueRequest, "outcome">; outcome: QueueRequest["outcome"] | undefined };

function Request({ request, outcome }: RequestProps) {
  const { url, uniqueKey, method, loadedUrl, handledAt, retryCount, noRetry, payload, headers, userData } = request;
  const errors = request.errorMessages ?? [];
  return (
    <>
      <Details
        rows={{
          ...(outcome ? { Outcome: <OutcomePill outcome={outcome} /> } : {}),
          URL: <Address url={url} />,
          ...(loadedUrl && loadedUrl !== url ? { "Loaded URL": <Address url={loadedUrl} /> } : {}),
          Method: <code>{method ?? "GET"}</code>,
          "Unique key": <code className={styles.breaks}>{uniqueKey}</code>,
          Handled: handledAt ? fullTime(handledAt) : MISSING,
          Retries: noRetry ? `${count(retryCount)}, no more` : count(retryCount),
          ...(payload ? { Payload: <pre className={styles.text}>{payload}</pre> } : {}),
        }}
      />
      {errors.length > 0 && (
        <section className={styles.part}>
          <h3>Errors</h3>
          {errors.map((message, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: errors are only added at the end, and can repeat
            <pre key={index} className={styles.text}>
              {message}
            </pre>
          ))}
        </section>
      )}
      <Part title="User data" value={userData} />
      <Part title="Headers" value={headers} />
    </>
  );
}

function Address({ url }: { url: string }) {
  if (!/^https?:\/\//.test(url)) return <code className={styles.breaks}>{url}</code>;
  return (
    <a href={url} target="_blank" rel="noreferrer" className={styles.breaks}>
      {url}
    </a>
  );
}

function Part({ title, value }: { title: string; value: Json | undefined }) {
  if (value === undefined || value === null || Object.keys(value).length === 0) return null;
  return (
    <section className={styles.part}>
      <h3>{title}</h3>
      <JsonTree value={value} />
    </section>
  );
}
