/** Follows the server's events while the page is open: they update the query cache and reach the components. */
import { notifyManager, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { serverQuery } from "@/api/server";
import { browserClock, type Clock } from "./clock";
import { connection } from "./connection";
import { Delivery } from "./delivery";
import type { Message } from "./messages";
import { settleOrders } from "./orders";
import { applyEvents, isOfTopic } from "./patches";
import { Refetching } from "./refetching";
import { SharedStream, type TabListener } from "./tabs";
import { followedTopics, giveToFollowers, type LiveEvent, type Topic, topicsOfKey, watchTopics } from "./topics";

/** A topic stays followed for a while, since users often return to a page. */
const LINGER_MILLIS = 30_000;
const NAMES: ReadonlySet<string> = new Set<LiveEvent["name"]>([
  "run",
  "build",
  "changed",
  "sample",
  "log",
  "timeline",
  "fit",
  "server",
  "proxied",
  "doctor",
  "standby",
  "reset",
]);

let stream: SharedStream | null = null;
let refetching: Refetching | null = null;

export function followEvents(queries: QueryClient, clock: Clock = browserClock): void {
  const fetching = new Refetching(queries, clock);
  refetching = fetching;
  const isHidden = () => document.visibilityState === "hidden";
  const deliver = (events: LiveEvent[]) =>
    notifyManager.batch(() => {
      applyEvents(queries, events, fetching.request);
      settleOrders(events);
      giveToFollowers(events);
    });
  const delivery = new Delivery(deliver, clock, isHidden);
  const shared = new SharedStream(listenerOf(queries, delivery));
  stream = shared;
  followTopics(queries, shared, clock);
  document.addEventListener("visibilitychange", () => {
    if (isHidden()) return;
    delivery.catchUp();
    shared.retryNow();
  });
}

/** Fetch queries again because of an event, as events themselves do it: at most once in two seconds. */
export function refetchSoon(queryKey: QueryKey): void {
  refetching?.request(queryKey);
}

/** Connect now, not only at the time that the top bar shows. */
export function retryNow(): void {
  stream?.retryNow();
}

/** Connect again, as another user than before. */
export function restartEvents(): void {
  stream?.restart();
}

function listenerOf(queries: QueryClient, delivery: Delivery): TabListener {
  let covered: ReadonlySet<Topic> = new Set();
  return {
    onMessage: (message) => {
      const event = eventOf(message);
      if (event) delivery.add(event);
    },
    onState: (state) => connection.set(state),
    onSignedOut: () => void queries.invalidateQueries({ queryKey: serverQuery.queryKey }),
    onTopics: (topics) => {
      // What happened between a query's response and this confirmation has reached nobody.
      const added = new Set(topics.filter((topic) => !covered.has(topic)));
      covered = new Set(topics);
      if (added.size > 0) void queries.invalidateQueries({ predicate: isOfTopic(added) });
    },
  };
}

/** Follow what the mounted queries and components need. */
function followTopics(queries: QueryClient, shared: SharedStream, clock: Clock): void {
  let sent = "";
  const leftAt = new Map<Topic, number>();
  let isPlanned = false;
  const update = () => {
    isPlanned = false;
    const now = clock.now();
    const wanted = new Set<Topic>(followedTopics());
    for (const query of queries.getQueryCache().findAll({ type: "active" })) {
      for (const topic of topicsOfKey(query.queryKey)) wanted.add(topic);
    }
    for (const topic of wanted) leftAt.set(topic, now);
    for (const [topic, at] of leftAt) if (now - at >= LINGER_MILLIS) leftAt.delete(topic);
    const topics = [...leftAt.keys()].sort();
    if (topics.join() !== sent) {
      sent = topics.join();
      shared.setTopics(topics);
    }
    if (leftAt.size > wanted.size) clock.after(LINGER_MILLIS, plan);
  };
  const plan = () => {
    if (isPlanned) return;
    isPlanned = true;
    clock.after(0, update);
  };
  watchTopics(plan);
  queries.getQueryCache().subscribe(({ type }) => {
    if (type === "observerAdded" || type === "observerRemoved") plan();
  });
}

function eventOf({ name, data }: Message): LiveEvent | null {
  if (!NAMES.has(name)) return null;
  return { name, data: data === "" ? null : JSON.parse(data) } as LiveEvent;
}
