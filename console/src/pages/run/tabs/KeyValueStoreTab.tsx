import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Database } from "lucide-react";
import { isNotFound } from "@/api/errors";
import { storageQuery } from "@/api/storageRecords";
import { KINDS } from "@/storages/kinds";
import { StoreView } from "@/storages/store/StoreView";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import type { RunTabProps } from "../tabs";
import { DeletedStorage } from "./DeletedStorage";

/** The records of the run's default key-value store, with its input. */
export function KeyValueStoreTab({ run }: RunTabProps) {
  const { data: store, error, refetch } = useQuery(storageQuery("key-value-store", run.defaultKeyValueStoreId));
  if (isNotFound(error)) return <DeletedStorage kind="key-value-store" />;
  if (error && !store) return <QueryError error={error} refetch={refetch} />;
  if (!store) return <Skeleton lines={8} height={24} />;
  return (
    <StoreView
      store={store}
      empty={
        <Empty command={KINDS["key-value-store"].emptyCommand}>The run stored no records, and it got no input.</Empty>
      }
      actions={
        <Link
          to="/storage/key-value-stores/$storeId"
          params={{ storeId: store.id }}
          className={buttonClass("quiet", true)}
          title={store.id}
        >
          <Database aria-hidden />
          Open store
        </Link>
      }
    />
  );
}
