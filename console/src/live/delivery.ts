/** Hands events to the page in batches, so that it draws at most four times a second, and not at all while hidden. */
import type { Clock } from "./clock";
import { type LiveEvent, type Topic, topicsOf } from "./topics";

const BATCH_MILLIS = 250;
const MAX_WAITING = 2_000;

export class Delivery {
  private waiting = new Map<string, LiveEvent>();
  private nextKey = 0;
  /** The topics of which more events wait than are worth applying one by one. */
  private readonly reset = new Set<Topic>();
  private lastAt = Number.NEGATIVE_INFINITY;
  private cancel: (() => void) | null = null;

  constructor(
    private readonly deliver: (events: LiveEvent[]) => void,
    private readonly clock: Clock,
    private readonly isHidden: () => boolean,
  ) {}

  add(event: LiveEvent): void {
    const key = replacedBy(event) ?? String(this.nextKey++);
    this.waiting.delete(key); // a newer event takes the place of an older one at the end
    this.waiting.set(key, event);
    if (this.waiting.size > MAX_WAITING) this.overflow();
    this.plan();
  }

  /** Call this when the tab becomes visible. */
  catchUp(): void {
    if (this.waiting.size > 0 || this.reset.size > 0) this.plan();
  }

  /** Fetch everything of these topics instead of applying the events one by one. */
  private overflow(): void {
    for (const event of this.waiting.values()) for (const topic of topicsOf(event)) this.reset.add(topic);
    this.waiting.clear();
  }

  private plan(): void {
    if (this.cancel !== null || this.isHidden()) return;
    const wait = Math.max(0, this.lastAt + BATCH_MILLIS - this.clock.now());
    this.cancel = this.clock.after(wait, () => this.flush());
  }

  private flush(): void {
    this.cancel = null;
    if (this.isHidden()) return;
    const events = [...this.waiting.values()];
    if (this.reset.size > 0) events.unshift({ name: "reset", data: { topics: [...this.reset] } });
    this.waiting.clear();
    this.reset.clear();
    this.lastAt = this.clock.now();
    this.deliver(events);
  }
}

/** Events with the same key replace each other, since each contains the whole state. Null: the event must not be lost. */
function replacedBy(event: LiveEvent): string | null {
  switch (event.name) {
    case "run":
    case "build":
    case "log":
    case "fit":
      return `${event.name} ${String(event.data.id)}`;
    case "changed":
      // A deletion and a creation before it concern the same lists, so the last one suffices.
      return `changed ${event.data.kind} ${event.data.id}`;
    case "server":
    case "doctor":
    case "standby":
      return event.name;
    default:
      return null;
  }
}
