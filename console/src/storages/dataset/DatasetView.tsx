import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { type Item, itemsQuery } from "@/api/datasetItems";
import type { StorageRecord } from "@/api/storageRecords";
import { CodeEditor } from "@/editor/CodeEditor";
import { writeJson } from "@/json/exact";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import viewer from "../Viewer.module.css";
import { chosenColumns, columnsOf, findItems, viewsOf } from "./columns";
import styles from "./Dataset.module.css";
import { DatasetToolbar } from "./DatasetToolbar";
import { ItemPanel } from "./ItemPanel";
import { ItemTable } from "./ItemTable";
import { PageFooter } from "./PageFooter";
import { useDatasetAddress } from "./useDatasetAddress";

type Props = {
  dataset: StorageRecord;
  /** What a dataset without items shows. */
  empty: ReactNode;
  /** More buttons of the toolbar. */
  actions?: ReactNode;
};

/** The items of a dataset: views, table or JSON, pages, export. It stays up to date while items are pushed. */
export function DatasetView({ dataset, empty, actions }: Props) {
  const views = useMemo(() => viewsOf(dataset.schema), [dataset.schema]);
  const address = useDatasetAddress(views);
  const { view, limit, page } = address;
  const offset = (page - 1) * limit;
  const { data, error, refetch } = useQuery(itemsQuery(dataset.id, { view: view?.id ?? null, offset, limit }));
  const all = useMemo(() => columnsOf(view, data?.items ?? []), [view, data]);
  const columns = useMemo(() => chosenColumns(all, address.columns), [all, address.columns]);
  const found = useMemo(() => findItems(data?.items ?? [], all, address.find), [data, all, address.find]);
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={8} height={24} />;
  if (data.total === 0) return <>{empty}</>;
  const first = view?.isUnwound ? 0 : offset;
  return (
    <div className={viewer.view}>
      <DatasetToolbar {...{ dataset, views, address, all, columns, data, actions }} found={found.length} />
      {data.items.length === 0 && <p className={styles.none}>This page has no items. The dataset ends before it.</p>}
      {data.items.length > 0 && found.length === 0 && (
        <p className={styles.none}>No item of this page contains “{address.find}”.</p>
      )}
      {found.length > 0 && address.isJson && <JsonItems items={found.map(([item]) => item)} />}
      {found.length > 0 && !address.isJson && (
        <ItemTable {...{ columns, found, first }} find={address.find} opened={address.item} onOpen={openItem} />
      )}
      <PageFooter total={data.total} page={page} limit={limit} onChange={address.change} />
      {address.item !== null && data.items[address.item] !== undefined && (
        <ItemPanel items={data.items} index={address.item} first={first} onIndex={openItem} />
      )}
    </div>
  );

  function openItem(index: number | null): void {
    address.change({ item: index === null ? undefined : String(index) }, address.item === null);
  }
}

function JsonItems({ items }: { items: Item[] }) {
  const text = useMemo(() => writeJson(items, 2), [items]);
  return (
    <div className={styles.json}>
      <CodeEditor label="Items as JSON" language="json" value={text} isReadOnly isBare hasLineNumbers maxHeight={640} />
    </div>
  );
}
