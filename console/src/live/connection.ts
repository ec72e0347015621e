import { createStore, useStorePart } from "@/ui/store";

export type Connection = {
  state: "connecting" | "connected" | "reconnecting" | "offline";
  retryInSecs?: number;
};

/** The state of the event stream, which the top bar shows. */
export const connection = createStore<Connection>({ state: "connecting" });

/** Why nothing can be ordered now; null if it can. */
export function useOfflineReason(): string | null {
  const isOffline = useStorePart(connection, ({ state }) => state === "offline");
  return isOffline ? "The server does not answer. Start it with `greenroom up`." : null;
}
