import { useQuery } from "@tanstack/react-query";
import { keyOf, type ProxiedRequest, proxyRequestsQuery, useProxyEvents } from "@/api/proxyRequests";
import { bytes, MISSING } from "@/format/numbers";
import { duration, shortTime } from "@/format/times";
import { RunLink } from "@/links/RecordLink";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import styles from "./Server.module.css";
import { TwoLines } from "./TwoLines";

/** What went through the proxy lately. A tunnel is listed when it closes. */
export function ProxyRequests() {
  const { data, error, refetch } = useQuery(proxyRequestsQuery);
  useProxyEvents();
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={3} height={24} />;
  if (data.length === 0) {
    return <p className={styles.note}>No request has gone through the proxy since the server was started.</p>;
  }
  return (
    <Table
      label="Last requests through the proxy"
      columns={COLUMNS}
      rows={data}
      rowId={keyOf}
      compact={(request) => (
        <TwoLines first={<code>{addressOf(request)}</code>} last={resultOf(request)}>
          {shortTime(request.startedAt)} · {duration(request.durationMillis)} · {request.group ?? "no group"}
        </TwoLines>
      )}
    />
  );
}

const COLUMNS: Column<ProxiedRequest>[] = [
  { id: "started", header: "Started", cell: ({ startedAt }) => shortTime(startedAt) },
  { id: "method", header: "Method", cell: ({ method }) => <code>{method}</code> },
  { id: "host", header: "Host", grows: true, cell: (request) => <code>{addressOf(request)}</code> },
  { id: "result", header: "Result", grows: true, cell: resultOf },
  { id: "group", header: "Group", hideBelow: "narrow", cell: ({ group }) => group ?? MISSING },
  { id: "run", header: "Run", hideBelow: "narrow", cell: ({ runId }) => (runId ? <RunLink id={runId} /> : MISSING) },
  {
    id: "sent",
    header: "Sent",
    isNumber: true,
    hideBelow: "wide",
    cell: ({ sentBytes }) => bytes(sentBytes),
  },
  { id: "received", header: "Received", isNumber: true, cell: ({ receivedBytes }) => bytes(receivedBytes) },
  { id: "duration", header: "Duration", isNumber: true, cell: ({ durationMillis }) => duration(durationMillis) },
];

function addressOf({ host, port }: ProxiedRequest): string {
  return `${host}:${port}`;
}

/** The status of the response, or why there is none. The proxy cannot see the responses in a tunnel. */
function resultOf({ status, failure, method }: ProxiedRequest): string {
  if (failure !== null) return failure;
  return status === null ? (method === "CONNECT" ? "Tunnel" : MISSING) : String(status);
}
