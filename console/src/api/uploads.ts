/** Files that the form of an input uploads. */
import { dataOf, platform, request } from "@/api/client";
import { freeKey, keyOfFile } from "@/api/fileKeys";

const UPLOADS = "console-uploads";
/**
 * Store a file in a key-value store, under its own name, and return its URL for containers.
 *
 * `localhost` means the container itself there, so the URL names the server as containers know it.
 */
export async function uploadFile(file: File, storeId: string | null): Promise<string> {
  const store =
    storeId ?? (await dataOf(platform.POST("/v2/key-value-stores", { params: { query: { name: UPLOADS } } }))).id;
  const key = await freeKey(store, keyOfFile(file.name));
  await request(`/v2/key-value-stores/${store}/records/${encodeURIComponent(key)}`, {
    method: "PUT",
    headers: { "Content-Type": file.type || "application/octet-stream" },
    body: file,
  });
  const { items } = await dataOf(
    platform.GET("/v2/key-value-stores/{storeId}/keys", {
      params: { path: { storeId: store }, query: { prefix: key } },
    }),
  );
  const url = items.find((each) => each.key === key)?.recordPublicUrl;
  return forContainers(url ?? `${location.origin}/v2/key-value-stores/${store}/records/${encodeURIComponent(key)}`);
}

export function forContainers(url: string): string {
  const parts = new URL(url);
  if (["localhost", "127.0.0.1", "[::1]"].includes(parts.hostname)) parts.hostname = "host.greenroom.internal";
  return parts.href;
}
