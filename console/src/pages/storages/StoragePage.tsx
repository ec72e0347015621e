import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { isNotFound } from "@/api/errors";
import { pagePath, type StorageKind, type StorageRecord, storageQuery } from "@/api/storageRecords";
import { bytes } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { NotFoundPage } from "@/pages/NotFoundPage";
import { contentsOf, KINDS, nameOf } from "@/storages/kinds";
import { StorageMenu } from "@/storages/StorageMenu";
import { QueryError } from "@/ui/ErrorNote";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";

type Props = {
  kind: StorageKind;
  id: string;
  /** The page's own button, such as an upload. */
  action?: (storage: StorageRecord) => ReactNode;
  children: (storage: StorageRecord) => ReactNode;
};

/** The page of one storage: how much it holds, what can be done with it, and its content. */
export function StoragePage({ kind, id, action, children }: Props) {
  const { title, titles, word } = KINDS[kind];
  const { data: storage, error, refetch } = useQuery(storageQuery(kind, id));
  const crumbs = [{ label: titles, href: pagePath(kind) }];
  if (isNotFound(error)) {
    return (
      <NotFoundPage
        message={`Greenroom has no ${word} with the ID or name ${id}. An unnamed one is deleted some days after its last use.`}
      />
    );
  }
  if (!storage) {
    return (
      <Page title={title} crumbs={crumbs} id={id}>
        {error ? <QueryError error={error} refetch={refetch} /> : <Skeleton lines={8} height={24} />}
      </Page>
    );
  }
  return (
    <Page
      title={storage.name || title}
      crumbs={crumbs}
      id={storage.id}
      note={<Note storage={storage} />}
      actions={
        <>
          {action?.(storage)}
          <StorageMenu kind={kind} storage={storage} />
        </>
      }
    >
      {children(storage)}
    </Page>
  );
}

function Note({ storage }: { storage: StorageRecord }) {
  const contents = contentsOf(storage);
  return (
    <>
      <span>
        {storage.name ? "" : "Unnamed · "}
        {contents && `${contents} · `}
        {bytes(storage.stats.storageBytes)} · used {shortTime(storage.accessedAt)}
      </span>
      {storage.actRunId && (
        <span>
          {"· of the run "}
          <Link to="/actors/runs/$runId" params={{ runId: storage.actRunId }} aria-label={`Run of ${nameOf(storage)}`}>
            <code>{storage.actRunId}</code>
          </Link>
        </span>
      )}
    </>
  );
}
