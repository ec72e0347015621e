import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Run } from "@/api/run";
import { type LiveEvent, useTopic } from "@/live/topics";
import { isLive } from "@/ui/StatusPill";

const APART_MILLIS = 2_000;

/** Fetch queries about a live run again when events of these names report news, at most once in two seconds. */
export function useRefetchOnEvents(run: Run, names: readonly LiveEvent["name"][], queryKey: QueryKey): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  useTopic(isLive(run.status) ? `run:${run.id}` : null, (events) => {
    if (timer.current !== null || !events.some(({ name }) => names.includes(name))) return;
    timer.current = setTimeout(() => {
      void queries.invalidateQueries({ queryKey }).finally(() => {
        timer.current = null;
      });
    }, APART_MILLIS);
  });
}
