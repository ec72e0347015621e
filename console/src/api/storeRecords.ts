/** The records of a key-value store. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "@/api/client";
import { ApiError, Unreachable } from "@/api/errors";
import { apiPath } from "@/api/storageRecords";

export type Key = { key: string; size: number; recordPublicUrl: string };
type KeyPage = { items: Key[]; nextExclusiveStartKey: string | null };

const PAGE = 200;
const MOST_KEYS = 1000;

export const keysQuery = (storeId: string, prefix: string) =>
  infiniteQueryOptions({
    queryKey: ["key-value-store", storeId, "keys", prefix],
    queryFn: ({ pageParam, signal }) => fetchKeys(storeId, prefix, pageParam, PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: KeyPage) => page.nextExclusiveStartKey,
    placeholderData: keepPreviousData,
  });

async function fetchKeys(
  storeId: string,
  prefix: string,
  after: string | null,
  limit: number,
  signal: AbortSignal | null = null,
): Promise<KeyPage> {
  const query = new URLSearchParams({ limit: String(limit), prefix });
  if (after !== null) query.set("exclusiveStartKey", after);
  const response = await request(`${apiPath("key-value-store", storeId)}/keys?${query}`, { signal });
  return ((await response.json()) as { data: KeyPage }).data;
}

/** All keys that begin with a text, however many pages they are. */
export async function keysWithPrefix(storeId: string, prefix: string): Promise<Set<string>> {
  const keys = new Set<string>();
  let after: string | null = null;
  do {
    const page: KeyPage = await fetchKeys(storeId, prefix, after, MOST_KEYS);
    for (const { key } of page.items) keys.add(key);
    after = page.nextExclusiveStartKey;
  } while (after !== null);
  return keys;
}

export function recordPath(storeId: string, key: string): string {
  return `${apiPath("key-value-store", storeId)}/records/${encodeURIComponent(key)}`;
}

export type RecordInfo = { contentType: string; size: number | null };

/** The type and size of a record, without its content. */
export const recordInfoQuery = (storeId: string, key: string) =>
  queryOptions({
    queryKey: ["key-value-store", storeId, "record", key, "info"],
    queryFn: async ({ signal }): Promise<RecordInfo> => {
      const { headers, ok, status } = await fetch(recordPath(storeId, key), { method: "HEAD", signal });
      if (!ok) throw new ApiError(status, "record-not-found", `The store has no record with the key ${key}.`);
      const size = headers.get("content-length");
      return { contentType: headers.get("content-type") ?? "", size: size === null ? null : Number(size) };
    },
  });

export const recordTextQuery = (storeId: string, key: string) =>
  queryOptions({
    queryKey: ["key-value-store", storeId, "record", key, "text"],
    queryFn: async ({ signal }) => (await request(recordPath(storeId, key), { signal })).text(),
  });

export async function deleteRecord(storeId: string, key: string): Promise<void> {
  await request(recordPath(storeId, key), { method: "DELETE" });
}

/** Store a record. `onProgress` gets the part that was sent, from 0 to 1, which `fetch` does not report. */
export function putRecord(
  storeId: string,
  key: string,
  content: Blob | string,
  contentType: string,
  onProgress: (part: number) => void = () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const upload = new XMLHttpRequest();
    upload.open("PUT", recordPath(storeId, key));
    upload.setRequestHeader("Content-Type", contentType || "application/octet-stream");
    upload.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
    upload.onerror = () => reject(new Unreachable());
    upload.onload = () => (upload.status < 300 ? resolve() : reject(errorOf(upload)));
    upload.send(content);
  });
}

function errorOf({ status, responseText }: XMLHttpRequest): ApiError {
  const { type, message } = errorIn(responseText);
  return new ApiError(status, type ?? "unknown", message ?? `The server returned status ${status}.`);
}

function errorIn(text: string): { type?: string; message?: string } {
  try {
    return (JSON.parse(text) as { error?: { type?: string; message?: string } }).error ?? {};
  } catch {
    return {}; // not a response of the API, so that only its status is known
  }
}
