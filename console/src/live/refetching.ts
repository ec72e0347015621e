/** Fetches queries again after events, but each key at most once in two seconds, however many events name it. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import type { Clock } from "./clock";

const APART_MILLIS = 2_000;
const MAX_KEYS = 500;

export class Refetching {
  private readonly lastAt = new Map<string, number>();
  private readonly planned = new Set<string>();

  constructor(
    private readonly queries: QueryClient,
    private readonly clock: Clock,
  ) {}

  /** Fetch the queries whose keys begin with this key, now or as soon as they may be fetched again. */
  readonly request = (key: QueryKey): void => {
    const name = JSON.stringify(key);
    if (this.planned.has(name)) return;
    const wait = (this.lastAt.get(name) ?? Number.NEGATIVE_INFINITY) + APART_MILLIS - this.clock.now();
    this.planned.add(name);
    if (wait <= 0) this.fetch(key, name);
    else this.clock.after(wait, () => this.fetch(key, name));
  };

  private fetch(key: QueryKey, name: string): void {
    this.planned.delete(name);
    this.lastAt.set(name, this.clock.now());
    if (this.lastAt.size > MAX_KEYS) this.forget();
    void this.queries.invalidateQueries({ queryKey: key });
  }

  private forget(): void {
    const now = this.clock.now();
    for (const [name, at] of this.lastAt) if (at + APART_MILLIS <= now) this.lastAt.delete(name);
  }
}
