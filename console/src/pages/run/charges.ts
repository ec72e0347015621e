/** What the events of a run cost its user, at the prices of the Actor. */
import type { Run } from "@/api/run";

export type Charge = {
  event: string;
  title: string;
  description: string;
  count: number;
  /** Null if the price is not known, for example because it depends on a plan. */
  priceUsd: number | null;
};

/** All events that the Actor defines or the run charged; null if the Actor charges no events. */
export function chargesOf({ pricingInfo, chargedEventCounts }: Run): Charge[] | null {
  const counts = chargedEventCounts ?? {};
  const prices = pricingInfo?.pricingModel === "PAY_PER_EVENT" ? pricingInfo.pricingPerEvent.actorChargeEvents : null;
  if (!prices && Object.keys(counts).length === 0) return null;
  const events = new Set([...Object.keys(prices ?? {}), ...Object.keys(counts)]);
  return [...events].map((event) => ({
    event,
    title: prices?.[event]?.eventTitle ?? event,
    description: prices?.[event]?.eventDescription ?? "",
    count: counts[event] ?? 0,
    priceUsd: prices?.[event]?.eventPriceUsd ?? null,
  }));
}

export function amountOf({ count, priceUsd }: Charge): number | null {
  if (count === 0) return 0;
  return priceUsd === null ? null : count * priceUsd;
}

/** Null if the price of an event that was charged is not known. */
export function totalOf(charges: readonly Charge[]): number | null {
  const amounts = charges.map(amountOf);
  return amounts.includes(null) ? null : amounts.reduce<number>((sum, each) => sum + (each ?? 0), 0);
}
