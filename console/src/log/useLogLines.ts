import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { body, local } from "@/api/client";
import { useTopic } from "@/live/topics";
import { LineCache } from "./lines";

/** The lines of the log of a run or build. Components that call it render again when lines arrive. */
export function useLogLines(jobId: string, jobKind: "run" | "build", isLive: boolean): LineCache {
  const [{ cache, subscribe }] = useState(() => createCache(jobId));
  useSyncExternalStore(subscribe, () => cache.version);
  const wasLive = useRef(isLive);
  useEffect(() => {
    // The last lines arrive shortly before or after the end of the job.
    if (cache.state.totalLines === null || wasLive.current !== isLive) void cache.refresh();
    wasLive.current = isLive;
  }, [cache, isLive]);
  useTopic(isLive ? `${jobKind}:${jobId}` : null, (events) => {
    for (const event of events) {
      if (event.name === "log") cache.grow(event.data.lines, event.data.bytes);
      if (event.name === "reset") void cache.refresh();
    }
  });
  return cache;
}

function createCache(jobId: string) {
  const listeners = new Set<() => void>();
  const fetchLines = (from: number, count: number) =>
    body(local.GET("/greenroom/logs/{job}/lines", { params: { path: { job: jobId }, query: { from, count } } }));
  const cache = new LineCache(fetchLines, () => {
    for (const listener of listeners) listener();
  });
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return { cache, subscribe };
}
