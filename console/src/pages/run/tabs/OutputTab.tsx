import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Database } from "lucide-react";
import { isNotFound } from "@/api/errors";
import { storageQuery } from "@/api/storageRecords";
import { DatasetView } from "@/storages/dataset/DatasetView";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { isLive } from "@/ui/StatusPill";
import type { RunTabProps } from "../tabs";
import { DeletedStorage } from "./DeletedStorage";
import styles from "./Tabs.module.css";

/** The items of the run's default dataset. */
export function OutputTab({ run }: RunTabProps) {
  const { data: dataset, error, refetch } = useQuery(storageQuery("dataset", run.defaultDatasetId));
  if (isNotFound(error)) return <DeletedStorage kind="dataset" />;
  if (error && !dataset) return <QueryError error={error} refetch={refetch} />;
  if (!dataset) return <Skeleton lines={8} height={24} />;
  return (
    <DatasetView
      dataset={dataset}
      empty={
        <Empty command={`greenroom logs ${run.id}`}>
          {isLive(run.status)
            ? "The run has stored no items yet. They appear here as it pushes them."
            : "The run stored no items. It ended before the first push, or it writes to another storage."}
        </Empty>
      }
      actions={
        <>
          <code className={styles.storageId}>{dataset.id}</code>
          <Link
            to="/storage/datasets/$datasetId"
            params={{ datasetId: dataset.id }}
            className={buttonClass("quiet", true)}
          >
            <Database aria-hidden />
            Open dataset
          </Link>
        </>
      }
    />
  );
}
