import type { TimelineEntry } from "@/api/runDetails";

type Timeline = { entries: readonly TimelineEntry[]; omitted: number; isComplete: boolean };

/** The time line with an entry of an event, unless the response had it already. */
export function appendEntry<T extends Timeline>(shown: T, event: { id: string; [name: string]: unknown }): T {
  const { id: _, ...entry } = event;
  if (typeof entry.position !== "number" || entry.position <= (shown.entries.at(-1)?.position ?? -1)) return shown;
  return { ...shown, entries: [...shown.entries, entry as unknown as TimelineEntry] };
}
