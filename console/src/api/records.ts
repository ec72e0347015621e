/** Records in the query cache. */
import type { QueryClient } from "@tanstack/react-query";

/**
 * Store a record that was fetched as `username~name` under its id too, and return it. So links with the id, to which a
 * page leads from then on, need no second request.
 */
export function knownById<T extends { id: string }>(
  client: QueryClient,
  kind: string,
  requested: string,
  record: T,
): T {
  if (record.id !== requested) client.setQueryData([kind, record.id], record);
  return record;
}
