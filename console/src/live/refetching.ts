/** Fetches queries again after events, but each key at most once in two seconds, however many events name it. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import type { Clock } from "./clock";

const APART_MILLIS = 2_000;
const MAX_KEYS = 500;

export class Refetching {
  private readonly lastAt = new Map<string, number>();
  private readonly planned = new Set<string>();
  /** Keys whose queries are being fetched, and whether they have to be fetched once more afterwards. */
  private readonly running = new Map<string, boolean>();

  constructor(
    private readonly queries: QueryClient,
    private readonly clock: Clock,
  ) {}

  /** Fetch the queries whose keys begin with this key, now or as soon as they may be fetched again. */
  readonly request = (key: QueryKey): void => {
    const name = JSON.stringify(key);
    if (this.running.has(name)) this.running.set(name, true);
    if (this.running.has(name) || this.planned.has(name)) return;
    const wait = (this.lastAt.get(name) ?? Number.NEGATIVE_INFINITY) + APART_MILLIS - this.clock.now();
    this.planned.add(name);
    if (wait <= 0) void this.fetch(key, name);
    else this.clock.after(wait, () => void this.fetch(key, name));
  };

  /** A fetch that takes long is neither cancelled nor repeated by the events that arrive before its end. */
  private async fetch(key: QueryKey, name: string): Promise<void> {
    this.planned.delete(name);
    this.running.set(name, false);
    await this.queries.invalidateQueries({ queryKey: key });
    const isOutdated = this.running.get(name);
    this.running.delete(name);
    this.lastAt.set(name, this.clock.now());
    if (this.lastAt.size > MAX_KEYS) this.forget();
    if (isOutdated) this.request(key);
  }

  private forget(): void {
    const now = this.clock.now();
    for (const [name, at] of this.lastAt) if (at + APART_MILLIS <= now) this.lastAt.delete(name);
  }
}
