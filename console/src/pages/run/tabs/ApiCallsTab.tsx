import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { type ApiCall, apiCallsQuery, pageOfCalls } from "@/api/runDetails";
import { bytes, count, MISSING } from "@/format/numbers";
import { clockTime, millisOf } from "@/format/times";
import { IconButton } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import { useAddress } from "@/ui/useAddress";
import type { RunTabProps } from "../tabs";
import { useRefetchOnEvents } from "../useRunEvents";
import { Operations } from "./Operations";
import styles from "./Tabs.module.css";

/** The requests that the run sent to the API with its token, the newest first. */
export function ApiCallsTab({ run }: RunTabProps) {
  const { get, change } = useAddress();
  const q = get("q");
  const page = Math.max(0, Math.floor(Number(get("calls"))) || 0);
  const query = apiCallsQuery(run.id, q, page);
  const { data, error, refetch } = useQuery(query);
  useRefetchOnEvents(run, ["sample", "run", "timeline"], query.queryKey);
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={8} height={24} />;
  if (data.total === 0) return <Empty>The run has sent no request to the API.</Empty>;
  const calls = data.items.map((call, index) => ({ ...call, id: `${call.at} ${index}` }));
  const goTo = (next: number) => change({ calls: next === 0 ? undefined : String(next) }, true);
  return (
    <>
      <div className={styles.toolbar}>
        <SearchField
          value={q}
          label="Find API calls"
          placeholder="Method, path, query or status"
          onChange={(text) => change({ q: text, calls: undefined })}
        />
        <span className={styles.quiet}>
          {q !== "" && `${count(data.matching)} match, `}
          {count(data.total)} in all
          {data.stored < data.total && `, the last ${count(data.stored)} are listed`}
        </span>
        <span className={styles.end}>
          <IconButton
            small
            label="Newer calls"
            icon={<ChevronLeft aria-hidden />}
            disabled={page === 0}
            onClick={() => goTo(page - 1)}
          />
          <IconButton
            small
            label="Older calls"
            icon={<ChevronRight aria-hidden />}
            disabled={(page + 1) * pageOfCalls >= data.matching}
            onClick={() => goTo(page + 1)}
          />
        </span>
      </div>
      {q === "" && page === 0 && <Operations operations={data.operations} />}
      {calls.length === 0 ? (
        <Empty>No call contains “{q}”.</Empty>
      ) : (
        <Table
          label="API calls"
          columns={COLUMNS}
          rows={calls}
          rowId={({ id }) => id}
          compact={(call) => <CompactCall call={call} />}
        />
      )}
    </>
  );
}

const COLUMNS: Column<ApiCall & { id: string }>[] = [
  { id: "at", header: "Time", width: 120, cell: ({ at }) => clockTime(at) + millisOf(at) },
  { id: "method", header: "Method", width: 88, narrowWidth: 72, cell: ({ method }) => <code>{method}</code> },
  { id: "path", header: "Path", grows: true, cell: (call) => <Path call={call} /> },
  {
    id: "status",
    header: "Status",
    width: 80,
    narrowWidth: 64,
    isNumber: true,
    cell: (call) => <CallStatus call={call} />,
  },
  { id: "millis", header: "ms", width: 88, narrowWidth: 64, isNumber: true, cell: ({ millis }) => millis.toFixed(1) },
  {
    id: "sent",
    header: "Sent",
    width: 96,
    narrowWidth: 72,
    isNumber: true,
    cell: ({ requestBytes }) => bytes(requestBytes),
  },
  {
    id: "received",
    header: "Received",
    width: 112,
    narrowWidth: 88,
    isNumber: true,
    cell: ({ responseBytes }) => bytes(responseBytes),
  },
];

function Path({ call: { path, query } }: { call: ApiCall }) {
  const text = query === "" ? path : `${path}?${query}`;
  return <code title={text}>{text}</code>;
}

function CallStatus({ call: { status } }: { call: ApiCall }) {
  if (status === null) return <span title="The client disconnected before the response.">{MISSING}</span>;
  return <span className={status >= 400 ? styles.bad : undefined}>{status}</span>;
}

function CompactCall({ call }: { call: ApiCall }) {
  return (
    <span className={styles.compact}>
      <code className={styles.strong}>{call.method}</code>
      <span className={styles.quiet}>
        <CallStatus call={call} /> · {call.millis.toFixed(1)} ms
      </span>
      <span className={styles.line}>
        <Path call={call} />
      </span>
    </span>
  );
}
