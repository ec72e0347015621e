import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { type ReactNode, useMemo, useRef } from "react";
import type { StorageRecord } from "@/api/storageRecords";
import { type Key, keysQuery } from "@/api/storeRecords";
import { bytes, count } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { QueryError } from "@/ui/ErrorNote";
import { useListKeys } from "@/ui/listKeys";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { useAddress } from "@/ui/useAddress";
import { RecordView } from "./RecordView";
import styles from "./Store.module.css";
import { UploadFiles } from "./UploadFiles";

type Props = {
  store: StorageRecord;
  /** What a store without records shows. */
  empty: ReactNode;
  actions?: ReactNode;
};

/** The records of a key-value store: a list of keys, and a preview of the one that the address names. */
export function StoreView({ store, empty, actions }: Props) {
  const { get, change } = useAddress();
  const [prefix, selected] = [get("prefix"), get("key")];
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    keysQuery(store.id, prefix),
  );
  const queries = useQueryClient();
  const keys = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const refresh = () => queries.invalidateQueries({ queryKey: ["key-value-store", store.id] });
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={8} height={24} />;
  const isEmpty = keys.length === 0 && prefix === "" && selected === "";
  return (
    <div className={styles.view}>
      <div className={styles.toolbar}>
        <SearchField value={prefix} label="Keys that begin with" onChange={(text) => change({ prefix: text })} />
        <span className={styles.quiet} role="status">
          {count(keys.length)}
          {hasNextPage ? " and more" : ""}
        </span>
        <span className={styles.actions}>
          {actions}
          <UploadFiles storeId={store.id} onStored={refresh} />
        </span>
      </div>
      {isEmpty ? (
        empty
      ) : (
        <div className={styles.split} data-selected={selected !== ""}>
          <KeyList
            keys={keys}
            selected={selected}
            onSelect={(key) => change({ key }, true)}
            more={
              hasNextPage && (
                <Button small isPending={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                  Show more keys
                </Button>
              )
            }
          />
          <div className={styles.record}>
            {selected !== "" && (
              <Button
                variant="quiet"
                small
                className={styles.back ?? ""}
                icon={<ArrowLeft aria-hidden />}
                onClick={() => change({ key: undefined })}
              >
                All keys
              </Button>
            )}
            {selected === "" ? (
              <p className={styles.none}>Select a record to see it.</p>
            ) : (
              <RecordView
                key={selected}
                store={store}
                recordKey={selected}
                link={keys.find(({ key }) => key === selected)?.recordPublicUrl}
                onChanged={refresh}
                onDeleted={() => change({ key: undefined })}
              />
            )}
          </div>
        </div>
      )}
    </div>
  );
}

type ListProps = { keys: Key[]; selected: string; onSelect: (key: string) => void; more: ReactNode };

function KeyList({ keys, selected, onSelect, more }: ListProps) {
  const list = useRef<HTMLElement>(null);
  useListKeys(list, "li button");
  return (
    <nav ref={list} className={styles.keys} aria-label="Records">
      {keys.length === 0 && <p className={styles.none}>No key begins with this.</p>}
      <ul>
        {keys.map(({ key, size }) => (
          <li key={key}>
            <button
              type="button"
              className={styles.key}
              aria-current={key === selected || undefined}
              onClick={() => onSelect(key)}
            >
              <span className={styles.name}>{key}</span>
              <span className={styles.quiet}>{bytes(size)}</span>
            </button>
          </li>
        ))}
      </ul>
      {more && <div className={styles.more}>{more}</div>}
    </nav>
  );
}
