/** What pages follow on the server, and the events that they receive. */
import { useEffect, useRef } from "react";
import type { components } from "@/api/local";

export type RunSummary = components["schemas"]["RunSummary"];

export type RecordKind =
  | "actor"
  | "task"
  | "schedule"
  | "webhook"
  | "dataset"
  | "key-value-store"
  | "request-queue"
  | "user";

export type Topic = "runs" | "builds" | "records" | "server" | `run:${string}` | `build:${string}` | `fit:${string}`;

export type BuildChange = {
  id: string;
  actorId: string;
  buildNumber: string;
  status: string;
  startedAt: string;
  finishedAt: string | null;
};

export type RecordChange = { kind: RecordKind; id: string; change: "created" | "modified" | "deleted" };

/** The content of each event, by its name. */
export type EventContents = {
  run: RunSummary;
  build: BuildChange;
  changed: RecordChange;
  /** One point of the curves of a run, as `/greenroom/runs/{id}/metrics` returns them. */
  sample: Record<string, unknown>;
  /** A log has grown to this size. */
  log: { id: string; bytes: number; lines: number };
  /** One entry of the time line of a run. */
  timeline: Record<string, unknown>;
  /** The state of a fit, as `/greenroom/fits/{id}` returns it. */
  fit: Record<string, unknown>;
  server: Record<string, unknown>;
  /** Events were missed that the server cannot replay. All queries in use are fetched again without your doing. */
  reset: null;
};

export type LiveEvent = {
  [Name in keyof EventContents]: { name: Name; data: EventContents[Name] };
}[keyof EventContents];

type Follower = (events: LiveEvent[]) => void;

const followers = new Map<Topic, Set<Follower>>();

/**
 * Follow a topic while the component is mounted; null follows none.
 *
 * `onEvents` gets the events of this topic in batches, at most four times a second, and none while the tab is hidden.
 * A tab that becomes visible gets everything that it missed as one batch, or a `reset` if that is too much.
 *
 * Lists and records need no hook: events update the query cache by the first two parts of a query's key.
 * - `["run", "list", ...]`, `["build", "list", ...]`, `["actor", "list", ...]`: a list of records of this kind
 * - `["run", ID, ...]`, `["actor", ID_OR_NAME, ...]`: one record, and all that belongs to it
 *
 * The kinds are `run`, `build`, `fit` and those of RecordKind. A mounted query with such a key follows its topic.
 */
export function useTopic(topic: Topic | null, onEvents?: Follower): void {
  const latest = useRef(onEvents);
  latest.current = onEvents;
  useEffect(() => {
    if (topic === null) return;
    return follow(topic, (events) => latest.current?.(events));
  }, [topic]);
}

/** Follow a topic outside of React. Returns the function that ends it. */
export function follow(topic: Topic, follower: Follower): () => void {
  const all = followers.get(topic) ?? new Set();
  followers.set(topic, all.add(follower));
  return () => {
    all.delete(follower);
    if (all.size === 0) followers.delete(topic);
  };
}
