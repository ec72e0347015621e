import { createStore } from "@/ui/store";

export type Connection = {
  state: "connecting" | "connected" | "reconnecting" | "offline";
  retryInSecs?: number;
};

/** The state of the event stream, which the top bar shows. */
export const connection = createStore<Connection>({ state: "connecting" });
