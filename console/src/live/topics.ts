/** What pages follow on the server, and the events that they receive. */
import type { QueryKey } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { components } from "@/api/local";

export type RunSummary = components["schemas"]["RunSummary"];

export type RecordChange = components["schemas"]["RecordChange"];

export type Topic =
  | "runs"
  | "builds"
  | "records"
  | "server"
  | "proxy"
  | "doctor"
  | "standby"
  | `run:${string}`
  | `build:${string}`
  | `fit:${string}`;

type BuildChange = {
  id: string;
  actorId: string;
  buildNumber: string;
  status: string;
  startedAt: string;
  finishedAt: string | null;
};

/** The topics with the events of each kind of query. Users have numbers about their runs, builds and records. */
const TOPICS_OF_KIND: Record<RecordChange["kind"] | "server" | "proxy" | "doctor" | "standby", Topic[]> = {
  run: ["runs"],
  build: ["builds"],
  actor: ["records"],
  task: ["records"],
  schedule: ["records"],
  webhook: ["records"],
  fit: ["records"],
  dataset: ["records"],
  "key-value-store": ["records"],
  "request-queue": ["records"],
  user: ["records", "runs", "builds"],
  server: ["server"],
  proxy: ["proxy"],
  doctor: ["doctor"],
  standby: ["standby"],
};

/** The topics that a mounted query follows. None if no event changes it. */
export function topicsOfKey([kind, id]: QueryKey): Topic[] {
  if (kind === "fit" && id !== "list") return [`fit:${String(id)}`];
  return String(kind) in TOPICS_OF_KIND ? TOPICS_OF_KIND[kind as keyof typeof TOPICS_OF_KIND] : [];
}

/** The content of each event, by its name. */
export type EventContents = {
  run: RunSummary;
  build: BuildChange;
  changed: RecordChange;
  /** One point of the curves of a run, as `/greenroom/runs/{id}/metrics` returns them. */
  sample: { id: string; [name: string]: unknown };
  /** A log has grown to this size. */
  log: { id: string; bytes: number; lines: number };
  /** One entry of the time line of a run. */
  timeline: { id: string; [name: string]: unknown };
  /** The state of a fit, as `/greenroom/fits/{id}` returns it. */
  fit: { id: string; changes: number; status: string; [name: string]: unknown };
  server: components["schemas"]["ServerState"];
  /** The requests through the proxy that are new, the newest first. */
  proxied: components["schemas"]["ProxiedRequests"];
  /** The checks of the machine, as `/greenroom/doctor` returns them. */
  doctor: components["schemas"]["DoctorReport"];
  /** All Actors and tasks with Standby, as `/greenroom/standby` returns them. */
  standby: components["schemas"]["StandbyTargets"];
  /** Events were missed that the server cannot replay. Their queries are fetched again without your doing. */
  reset: { topics: Topic[] };
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
 * - `["actor", "list", ...]`: a list of records of this kind
 * - `["run", ID, ...]`, `["actor", ID_OR_NAME, ...]`: one record, and all that belongs to it
 *
 * - `["run", "counts", ...]`: numbers and choices of runs, which are fetched again when a run begins or ends
 *
 * The kinds are those of `changed` events, `server` and `standby`. A mounted query with such a key follows its topics.
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
  onChange();
  return () => {
    all.delete(follower);
    if (all.size === 0) followers.delete(topic);
    onChange();
  };
}

let onChange = (): void => {};

/** Call a function whenever components begin or end to follow a topic. */
export function watchTopics(call: () => void): void {
  onChange = call;
}

export function followedTopics(): Iterable<Topic> {
  return followers.keys();
}

/** Give a batch of events to the components that follow their topics. */
export function giveToFollowers(events: LiveEvent[]): void {
  for (const [topic, all] of [...followers]) {
    const own = events.filter((event) => topicsOf(event).includes(topic));
    if (own.length > 0) for (const follower of [...all]) follower(own);
  }
}

/** The topics of an event. The log of a run and that of a build have the same event. */
export function topicsOf(event: LiveEvent): Topic[] {
  switch (event.name) {
    case "run":
      return ["runs", `run:${event.data.id}`];
    case "build":
      return ["builds", `build:${event.data.id}`];
    case "log":
      return [`run:${event.data.id}`, `build:${event.data.id}`];
    case "sample":
    case "timeline":
      return [`run:${event.data.id}`];
    case "fit":
      return [`fit:${event.data.id}`];
    case "changed":
      return event.data.kind === "run" ? ["runs"] : event.data.kind === "build" ? ["builds"] : ["records"];
    case "server":
      return ["server"];
    case "proxied":
      return ["proxy"];
    case "doctor":
      return ["doctor"];
    case "standby":
      return ["standby"];
    case "reset":
      return event.data.topics;
  }
}
