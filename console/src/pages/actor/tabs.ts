/** The tabs of an Actor and their addresses. */

export const TABS = [
  ["start", "Start"],
  ["runs", "Runs"],
  ["builds", "Builds"],
  ["fit", "Fit"],
  ["standby", "Standby"],
  ["source", "Source"],
  ["saved-tasks", "Tasks"],
  ["webhooks", "Webhooks"],
  ["settings", "Settings"],
] as const;

type ActorTab = (typeof TABS)[number][0];

/** `/actors/:id/input` and the fragment `#console` mean the form too. */
const ALIASES: Record<string, ActorTab> = { input: "start", console: "start", tasks: "saved-tasks" };

export type Place = { tab: ActorTab; item: string | null };

/** Where a path, or a fragment such as `#/builds/0.0.1`, leads. Unknown names mean the first tab. */
export function placeOf(tab: string | undefined, item: string | undefined, hash: string): Place {
  const [first, second] = tab === undefined ? hash.replace(/^\/+/, "").split("/") : [tab, item];
  const known = TABS.find(([id]) => id === first)?.[0] ?? ALIASES[first ?? ""];
  return known === undefined ? { tab: "start", item: null } : { tab: known, item: second || null };
}

export function pathOf(actorId: string, tab: ActorTab): string {
  return tab === "start" ? `/actors/${actorId}` : `/actors/${actorId}/${tab}`;
}
