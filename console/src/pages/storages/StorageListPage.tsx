import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { pagePath, type StorageKind, type StorageRecord, storageListQuery } from "@/api/storageRecords";
import { plural } from "@/format/numbers";
import { KINDS, nameOf } from "@/storages/kinds";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Checkbox } from "@/ui/Field";
import { mainPane } from "@/ui/mainPane";
import { Padded, Page, Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";
import { useAddress } from "@/ui/useAddress";
import { containing } from "@/ui/useListSearch";
import { CreateStorageDialog } from "./CreateStorageDialog";
import { CompactStorage, columnsOf } from "./storageColumns";

/** All storages of a kind. Unnamed ones, of which each run has one, are listed on request. */
export function StorageListPage({ kind }: { kind: StorageKind }) {
  const { word, titles } = KINDS[kind];
  const { get, change } = useAddress();
  const [isCreating, setCreating] = useState(false);
  const [q, withUnnamed] = [get("q"), get("unnamed") !== ""];
  const { storages, total, isPending, error, refetch, more } = useStorages(kind, withUnnamed, q !== "");
  const found = useMemo(() => containing(storages, textOf, q), [storages, q]);
  return (
    <Page
      title={titles}
      note={total !== undefined && plural(total, word)}
      actions={
        <Button variant="primary" icon={<Plus aria-hidden />} onClick={() => setCreating(true)}>
          Create a {word}
        </Button>
      }
    >
      <Toolbar>
        <SearchField
          value={q}
          label={`Search the ${titles.toLowerCase()}`}
          placeholder="Name, ID or run"
          onChange={(text) => change({ q: text })}
        />
        <Checkbox
          label="Show unnamed ones too"
          checked={withUnnamed}
          onChange={(isOn) => change({ unnamed: isOn ? "1" : undefined })}
        />
      </Toolbar>
      {error && total === undefined && (
        <Padded>
          <QueryError error={error} refetch={refetch} />
        </Padded>
      )}
      {isPending && <Skeleton lines={8} height={24} />}
      {total !== undefined && found.length === 0 && (
        <Nothing kind={kind} q={q} withUnnamed={withUnnamed} onUnnamed={() => change({ unnamed: "1" })} />
      )}
      {found.length > 0 && <Storages kind={kind} storages={found} total={q === "" ? total : undefined} onEnd={more} />}
      {isCreating && <CreateStorageDialog kind={kind} onClose={() => setCreating(false)} />}
    </Page>
  );
}

/** A search needs all pages, since the server does not search storages. */
function useStorages(kind: StorageKind, withUnnamed: boolean, isSearching: boolean) {
  const query = useInfiniteQuery(storageListQuery(kind, withUnnamed));
  const { data, hasNextPage, isFetching, fetchNextPage, isPending, error, refetch } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  useEffect(() => {
    if (isSearching) more();
  }, [isSearching, more]);
  const storages = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  return { storages, total: data?.pages.at(-1)?.total, isPending, error, refetch, more };
}

function textOf({ name, id, actRunId }: StorageRecord): string {
  return `${name ?? ""} ${id} ${actRunId ?? ""}`;
}

type NothingProps = { kind: StorageKind; q: string; withUnnamed: boolean; onUnnamed: () => void };

function Nothing({ kind, q, withUnnamed, onUnnamed }: NothingProps) {
  const { word, purpose, createCommand } = KINDS[kind];
  const action = !withUnnamed && <Button onClick={onUnnamed}>Show unnamed ones too</Button>;
  if (q !== "") {
    return (
      <Empty action={action}>
        No {withUnnamed ? "" : "named "}
        {word} has a name, ID or run that contains “{q}”.
      </Empty>
    );
  }
  return (
    <Empty command={createCommand} action={action}>
      {purpose}
    </Empty>
  );
}

type TableProps = {
  kind: StorageKind;
  storages: StorageRecord[];
  total: number | undefined;
  onEnd: () => void;
};

function Storages({ kind, storages, total, onEnd }: TableProps) {
  const navigate = useNavigate();
  const href = ({ id }: StorageRecord) => pagePath(kind, id);
  return (
    <Table
      label={KINDS[kind].titles}
      columns={columnsOf(kind)}
      rows={storages}
      {...(total === undefined ? {} : { total })}
      rowId={({ id }) => id}
      rowLabel={nameOf}
      rowHref={href}
      onOpen={(storage) => void navigate({ href: href(storage) })}
      compact={(storage) => <CompactStorage storage={storage} />}
      scroller={mainPane}
      onEnd={onEnd}
    />
  );
}
