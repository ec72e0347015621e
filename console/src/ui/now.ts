/** The current second, from one timer for everything that shows a running time. */
import { useSyncExternalStore } from "react";

const SECOND = 1_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick(): void {
  if (document.visibilityState === "hidden") return;
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    timer = setInterval(tick, SECOND);
    document.addEventListener("visibilitychange", tick);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  };
}

/** The time in milliseconds since 1970, new each second while the tab is visible and `isRunning`. */
export function useNow(isRunning = true): number {
  return useSyncExternalStore(isRunning ? subscribe : standStill, () => now);
}

function standStill(): () => void {
  return () => {};
}
