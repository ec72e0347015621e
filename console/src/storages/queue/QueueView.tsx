import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useMemo } from "react";
import { type QueueRequest, queueCountsQuery, queueRequestsQuery } from "@/api/queueRequests";
import type { StorageRecord } from "@/api/storageRecords";
import { count } from "@/format/numbers";
import { writeJson } from "@/json/exact";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { mainPane } from "@/ui/mainPane";
import { SearchField } from "@/ui/SearchField";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";
import { useAddress } from "@/ui/useAddress";
import viewer from "../Viewer.module.css";
import { OUTCOMES, outcomeLabel } from "./outcomes";
import styles from "./Queue.module.css";
import { RequestPanel } from "./RequestPanel";
import { CompactRequest, REQUEST_COLUMNS } from "./requestColumns";

type Props = {
  queue: StorageRecord;
  /** What a queue without requests shows. */
  empty: ReactNode;
  actions?: ReactNode;
};

/** The requests of a queue by their outcome. More are fetched as the end of the list comes near. */
export function QueueView({ queue, empty, actions }: Props) {
  const { get, change } = useAddress();
  const outcome = OUTCOMES.find((each) => each === get("outcome")) ?? null;
  const find = get("find");
  const { data: counts } = useQuery(queueCountsQuery(queue.id));
  const query = useInfiniteQuery(queueRequestsQuery(queue.id, outcome));
  const { data, error, refetch, hasNextPage, isFetching, fetchNextPage } = query;
  const requests = useMemo(() => data?.pages.flatMap((page) => page.requests) ?? [], [data]);
  const found = useMemo(() => findRequests(requests, find), [requests, find]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={8} height={24} />;
  if (outcome === null && requests.length === 0) return <>{empty}</>;
  const total = queue.totalRequestCount ?? requests.length;
  return (
    <div className={viewer.view}>
      <div className={viewer.toolbar}>
        <Segmented
          label="Outcome"
          value={outcome ?? ""}
          segments={[
            { value: "", label: "All", count: total },
            ...OUTCOMES.map((each) => ({ value: each, label: outcomeLabel(each), count: counts?.[each] })),
          ]}
          onChange={(value) => change({ outcome: value })}
        />
        <SearchField
          className={viewer.find}
          value={find}
          label="Find in the loaded requests"
          onChange={(text) => change({ find: text })}
        />
        <span className={viewer.actions}>{actions}</span>
      </div>
      {requests.length === 0 && outcome && (
        <Empty>The queue has no {outcomeLabel(outcome).toLowerCase()} requests.</Empty>
      )}
      {requests.length > 0 && found.length === 0 && (
        <Empty>
          None of the {count(requests.length)} requests that are loaded contains “{find}”.
        </Empty>
      )}
      {found.length > 0 && (
        <Table
          label="Requests"
          columns={REQUEST_COLUMNS}
          rows={found}
          rowId={({ id }) => id}
          rowLabel={({ url }) => url}
          rowHref={({ id }) => requestHref(id)}
          rowState={(request) => request.outcome}
          onOpen={({ id }) => change({ request: id }, get("request") === "")}
          compact={(request) => <CompactRequest request={request} />}
          scroller={mainPane}
          total={find === "" && outcome === null ? total : found.length}
          onEnd={more}
        />
      )}
      <footer className={styles.footer} role="status">
        {count(requests.length)} of {count(outcome ? counts?.[outcome] : total)} loaded
        {hasNextPage && (
          <Button variant="quiet" small isPending={isFetching} onClick={more}>
            Load more
          </Button>
        )}
      </footer>
      {get("request") !== "" && (
        <RequestPanel
          queueId={queue.id}
          requests={found}
          id={get("request")}
          onId={(id) => change({ request: id ?? undefined })}
        />
      )}
    </div>
  );
}

/** The address of this page with the panel of a request. */
function requestHref(id: string): string {
  const query = new URLSearchParams(location.search);
  query.set("request", id);
  return `${location.pathname}?${query}${location.hash}`;
}

function findRequests(requests: QueueRequest[], text: string): QueueRequest[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return requests;
  return requests.filter((request) => writeJson(request).toLowerCase().includes(wanted));
}
