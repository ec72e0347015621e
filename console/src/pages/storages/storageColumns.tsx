import type { StorageKind, StorageRecord } from "@/api/storageRecords";
import { bytes, count, MISSING } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { RunLink } from "@/links/RecordLink";
import { contentsOf, nameOf } from "@/storages/kinds";
import type { Column } from "@/ui/Table";
import styles from "./Storages.module.css";

type StorageColumn = Column<StorageRecord>;

const NAME: StorageColumn = {
  id: "name",
  header: "Name or ID",
  grows: true,
  cell: (storage) => (storage.name ? <b className={styles.name}>{storage.name}</b> : <code>{storage.id}</code>),
};

const REST: StorageColumn[] = [
  {
    id: "size",
    header: "Size",
    width: 96,
    isNumber: true,
    cell: ({ stats }) => bytes(stats.storageBytes),
  },
  {
    id: "run",
    header: "Run",
    width: 184,
    hideBelow: "narrow",
    cell: ({ actRunId }) => (actRunId ? <RunLink id={actRunId} /> : MISSING),
  },
  {
    id: "created",
    header: "Created",
    width: 136,
    isNumber: true,
    hideBelow: "wide",
    cell: ({ createdAt }) => shortTime(createdAt),
  },
  {
    id: "accessed",
    header: "Last access",
    width: 136,
    isNumber: true,
    cell: ({ accessedAt }) => shortTime(accessedAt),
  },
];

const CONTENTS: Record<StorageKind, StorageColumn[]> = {
  dataset: [{ id: "items", header: "Items", width: 112, isNumber: true, cell: ({ itemCount }) => count(itemCount) }],
  "key-value-store": [],
  "request-queue": [
    {
      id: "requests",
      header: "Requests",
      width: 112,
      isNumber: true,
      cell: ({ totalRequestCount }) => count(totalRequestCount),
    },
    {
      id: "pending",
      header: "Pending",
      width: 96,
      isNumber: true,
      hideBelow: "narrow",
      cell: ({ pendingRequestCount }) => count(pendingRequestCount),
    },
  ],
};

export function columnsOf(kind: StorageKind): StorageColumn[] {
  return [NAME, ...CONTENTS[kind], ...REST];
}

export function CompactStorage({ storage }: { storage: StorageRecord }) {
  const contents = contentsOf(storage);
  return (
    <span className={styles.compact}>
      <b className={styles.name}>{nameOf(storage)}</b>
      <span className={styles.quiet}>
        {contents && `${contents}, `}
        {bytes(storage.stats.storageBytes)}, used {shortTime(storage.accessedAt)}
      </span>
    </span>
  );
}
