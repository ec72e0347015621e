/** Orders that were sent and whose effect has not arrived yet, so that their buttons can show it. */
import type { QueryClient } from "@tanstack/react-query";
import { createStore, useStorePart } from "@/ui/store";
import { browserClock, type Clock } from "./clock";
import type { LiveEvent } from "./topics";

const MAX_PENDING_MILLIS = 10_000;

type Pending = { verb: string; status: string | null };

/** The pending order of each record, by `kind id`. */
const pending = createStore<ReadonlyMap<string, Pending>>(new Map());
const cancels = new Map<string, () => void>();

type Order = {
  kind: "run" | "build";
  id: string;
  verb: string;
  /** The status that the order changes; null if it changes none, such as a reboot. */
  status: string | null;
  send: () => Promise<unknown>;
};

/**
 * Send an order about a record. It is pending until an event reports a change of the record's status, or for ten
 * seconds, after which everything about the record is fetched again. Throws what `send` throws.
 */
export async function sendOrder(queries: QueryClient, order: Order, clock: Clock = browserClock): Promise<void> {
  const key = `${order.kind} ${order.id}`;
  begin(key, order);
  try {
    await order.send();
  } catch (error) {
    end(key);
    throw error;
  }
  if (!pending.get().has(key)) return; // the event arrived before the response
  const expire = () => {
    end(key);
    void queries.invalidateQueries({ queryKey: [order.kind, order.id] });
    void queries.invalidateQueries({ queryKey: [order.kind, "list"] });
  };
  cancels.set(key, clock.after(MAX_PENDING_MILLIS, expire));
}

/** The verb of the order about a record that is pending; undefined if none is. */
export function usePendingOrder(kind: string, id: string): string | undefined {
  return useStorePart(pending, (orders) => orders.get(`${kind} ${id}`)?.verb);
}

/** End the orders whose effect these events report. */
export function settleOrders(events: LiveEvent[]): void {
  for (const event of events) {
    if (event.name === "timeline") end(`run ${event.data.id}`);
    if (event.name !== "run" && event.name !== "build") continue;
    const key = `${event.name} ${event.data.id}`;
    if (pending.get().get(key)?.status !== event.data.status) end(key);
  }
}

function begin(key: string, { verb, status }: Pending): void {
  pending.set(new Map(pending.get()).set(key, { verb, status }));
}

function end(key: string): void {
  cancels.get(key)?.();
  cancels.delete(key);
  if (!pending.get().has(key)) return;
  const rest = new Map(pending.get());
  rest.delete(key);
  pending.set(rest);
}
