import type { QueryClient } from "@tanstack/react-query";
import { connection } from "@/live/connection";

const PATH = "/greenroom/events?topics=runs,builds,records,server";

/** Follow the server's events for as long as the page is open, and update the cache with them. */
export function followEvents(queries: QueryClient): void {
  const source = new EventSource(PATH);
  source.onopen = () => connection.set({ state: "connected" });
  source.onerror = () => connection.set({ state: "reconnecting" });
  source.addEventListener("reset", () => void queries.invalidateQueries());
}
