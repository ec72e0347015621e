/** Storages of the three kinds: their records, their lists, and what can be changed about them. */
import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { request } from "@/api/client";

export type StorageKind = "dataset" | "key-value-store" | "request-queue";
export type GeneralAccess =
  | "FOLLOW_USER_SETTING"
  | "RESTRICTED"
  | "ANYONE_WITH_ID_CAN_READ"
  | "ANYONE_WITH_NAME_CAN_READ";

/** What all kinds have, and after it the fields of single kinds. Lists and single records have the same fields. */
export type StorageRecord = {
  id: string;
  /** Lists have an empty name where a single record has null. */
  name: string | null;
  username: string;
  createdAt: string;
  modifiedAt: string;
  accessedAt: string;
  actRunId: string | null;
  generalAccess: GeneralAccess;
  consoleUrl: string;
  stats: { storageBytes?: number; readCount?: number; writeCount?: number };
  itemCount?: number;
  schema?: unknown;
  itemsPublicUrl?: string;
  keysPublicUrl?: string;
  totalRequestCount?: number;
  handledRequestCount?: number;
  pendingRequestCount?: number;
};

type Page = { items: StorageRecord[]; total: number; offset: number };

const PAGE = 500;
const CHOICES = 1000;

/** The path of a storage, or of all storages of its kind, in the API and in the console. */
export function apiPath(kind: StorageKind, id?: string): string {
  return `/v2/${kind}s${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
}

export function pagePath(kind: StorageKind, id?: string): string {
  return `/storage/${kind}s${id === undefined ? "" : `/${id}`}`;
}

async function dataAt<T>(path: string, options?: RequestInit): Promise<T> {
  return ((await (await request(path, options)).json()) as { data: T }).data;
}

export const storageQuery = (kind: StorageKind, id: string) =>
  queryOptions({
    queryKey: [kind, id, "record"],
    queryFn: ({ signal }) => dataAt<StorageRecord>(apiPath(kind, id), { signal }),
  });

/** Storages, the newest first. */
export const storageListQuery = (kind: StorageKind, withUnnamed: boolean) =>
  infiniteQueryOptions({
    queryKey: [kind, "list", "of-pages", withUnnamed],
    queryFn: ({ pageParam, signal }) => {
      const query = `?desc=1&limit=${PAGE}&offset=${pageParam}${withUnnamed ? "&unnamed=1" : ""}`;
      return dataAt<Page>(apiPath(kind) + query, { signal });
    },
    initialPageParam: 0,
    getNextPageParam: ({ items, total, offset }: Page) =>
      items.length > 0 && offset + items.length < total ? offset + items.length : null,
  });

/** The newest storages, also those without a name, for choices and searches of one. */
export const storageChoicesQuery = (kind: StorageKind) =>
  queryOptions({
    queryKey: [kind, "list", "of-choices"],
    queryFn: async ({ signal }) =>
      (await dataAt<Page>(`${apiPath(kind)}?desc=1&limit=${CHOICES}&unnamed=1`, { signal })).items,
  });

/** A named storage that exists already is returned as it is. */
export function createStorage(kind: StorageKind, name: string): Promise<StorageRecord> {
  return dataAt<StorageRecord>(`${apiPath(kind)}?name=${encodeURIComponent(name)}`, { method: "POST" });
}

type StorageChanges = { name?: string | null; generalAccess?: GeneralAccess };

export async function changeStorage(
  queries: QueryClient,
  kind: StorageKind,
  id: string,
  changes: StorageChanges,
): Promise<void> {
  await request(apiPath(kind, id), {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(changes),
  });
  await queries.invalidateQueries({ queryKey: [kind] });
}

export async function deleteStorage(queries: QueryClient, kind: StorageKind, id: string): Promise<void> {
  await request(apiPath(kind, id), { method: "DELETE" });
  queries.removeQueries({ queryKey: [kind, id] });
  await queries.invalidateQueries({ queryKey: [kind, "list"] });
}
