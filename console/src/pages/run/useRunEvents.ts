import type { QueryKey } from "@tanstack/react-query";
import type { Run } from "@/api/run";
import { refetchSoon } from "@/live/events";
import { type LiveEvent, useTopic } from "@/live/topics";
import { isLive } from "@/ui/StatusPill";

/** Fetch queries about a live run again when events of these names report news. */
export function useRefetchOnEvents(run: Run, names: readonly LiveEvent["name"][], queryKey: QueryKey): void {
  useTopic(isLive(run.status) ? `run:${run.id}` : null, (events) => {
    if (events.some(({ name }) => names.includes(name))) refetchSoon(queryKey);
  });
}
