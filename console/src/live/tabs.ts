/**
 * Shares one stream between all tabs of a browser, since a browser opens only six connections to a server.
 *
 * The tab that holds the lock leads: it has the stream, and sends what it receives to the others. When it closes, the
 * next tab gets the lock and continues at the same position.
 */
import type { Clock } from "./clock";
import { browserClock } from "./clock";
import type { Connection } from "./connection";
import type { Message } from "./messages";
import { EventStream } from "./stream";
import type { Topic } from "./topics";

const CHANNEL = "greenroom.live";
const LEADER_LOCK = "greenroom.live.leader";
const TAB_LOCK = "greenroom.live.tab.";

type Note =
  | { kind: "topics"; tab: string; topics: readonly Topic[] }
  | { kind: "retry" }
  | { kind: "start" }
  | { kind: "leads" }
  | { kind: "state"; connection: Connection; confirmed: readonly Topic[] }
  | { kind: "message"; message: Message }
  | { kind: "signed out" };

export type TabListener = {
  onMessage: (message: Message) => void;
  onState: (connection: Connection) => void;
  onTopics: (topics: readonly Topic[]) => void;
  onSignedOut: () => void;
};

type Parts = {
  clock?: Clock;
  locks?: LockManager | undefined;
  channel?: BroadcastChannel;
  send?: ConstructorParameters<typeof EventStream>[2];
};

/** This tab's access to the shared stream. */
export class SharedStream {
  private readonly tab = crypto.randomUUID();
  private readonly channel: BroadcastChannel;
  private readonly locks: LockManager | undefined;
  private readonly stream: EventStream;
  private readonly topicsOfTabs = new Map<string, readonly Topic[]>();
  private topics: readonly Topic[] = [];
  private isLeader = false;
  private position = "";
  private last: { connection: Connection; confirmed: readonly Topic[] } = {
    connection: { state: "connecting" },
    confirmed: [],
  };

  constructor(
    private readonly listener: TabListener,
    parts: Parts = {},
  ) {
    this.channel = parts.channel ?? new BroadcastChannel(CHANNEL);
    this.locks = "locks" in parts ? parts.locks : navigator.locks;
    this.stream = new EventStream(
      {
        onMessage: (message) => this.share({ kind: "message", message }),
        onState: (connection) => this.shareState({ connection, confirmed: [] }),
        onTopics: (confirmed) => this.shareState({ connection: { state: "connected" }, confirmed }),
        onSignedOut: () => this.share({ kind: "signed out" }),
      },
      parts.clock ?? browserClock,
      parts.send,
    );
    // Without locks each tab has a stream of its own.
    if (this.locks) this.channel.onmessage = (event: MessageEvent<Note>) => this.noted(event.data);
    this.joinTabs();
  }

  /** Follow these topics in place of the earlier ones. */
  setTopics(topics: readonly Topic[]): void {
    this.topics = topics;
    this.apply({ kind: "topics", tab: this.tab, topics });
  }

  retryNow(): void {
    this.apply({ kind: "retry" });
  }

  /** Connect again after the user has signed in. */
  restart(): void {
    this.apply({ kind: "start" });
  }

  private joinTabs(): void {
    const forever = () => new Promise<never>(() => {});
    void this.locks?.request(TAB_LOCK + this.tab, forever);
    void this.locks?.request(LEADER_LOCK, () => {
      this.lead();
      return forever();
    });
    if (!this.locks) this.lead(); // the browser has locks only for addresses of this machine
  }

  private lead(): void {
    this.isLeader = true;
    this.topicsOfTabs.set(this.tab, this.topics);
    this.stream.start(this.allTopics(), this.position);
    this.channel.postMessage({ kind: "leads" } satisfies Note);
  }

  /** Carry an order out here, or send it to the leading tab. */
  private apply(note: Note): void {
    if (this.isLeader) this.noted(note);
    else this.channel.postMessage(note);
  }

  private noted(note: Note): void {
    if (note.kind === "leads") this.apply({ kind: "topics", tab: this.tab, topics: this.topics });
    else if (note.kind === "state" || note.kind === "message" || note.kind === "signed out") this.received(note);
    else if (this.isLeader) this.ordered(note);
  }

  private ordered(note: Note & { kind: "topics" | "retry" | "start" }): void {
    if (note.kind === "retry") this.stream.retryNow();
    else if (note.kind === "start") this.stream.start(this.allTopics(), "");
    else this.setTopicsOf(note.tab, note.topics);
  }

  private setTopicsOf(tab: string, topics: readonly Topic[]): void {
    if (tab !== this.tab && !this.topicsOfTabs.has(tab)) this.watch(tab);
    const before = this.allTopics();
    this.topicsOfTabs.set(tab, topics);
    const after = this.allTopics();
    if (before.join() === after.join()) this.share({ kind: "state", ...this.last });
    else this.stream.setTopics(after);
  }

  /** A tab holds its lock until it closes, also if it crashes. */
  private watch(tab: string): void {
    void this.locks?.request(TAB_LOCK + tab, () => {
      this.topicsOfTabs.delete(tab);
      this.stream.setTopics(this.allTopics());
    });
  }

  private allTopics(): readonly Topic[] {
    return [...new Set([...this.topicsOfTabs.values()].flat())].sort();
  }

  private shareState({ connection, confirmed }: { connection: Connection; confirmed: readonly Topic[] }): void {
    this.share({ kind: "state", connection, confirmed });
  }

  private share(note: Note & { kind: "state" | "message" | "signed out" }): void {
    this.channel.postMessage(note);
    this.received(note);
  }

  private received(note: Note & { kind: "state" | "message" | "signed out" }): void {
    if (note.kind === "signed out") this.listener.onSignedOut();
    else if (note.kind === "message") this.receivedMessage(note.message);
    else this.receivedState(note);
  }

  private receivedMessage(message: Message): void {
    if (message.id !== "") this.position = message.id;
    this.listener.onMessage(message);
  }

  private receivedState(state: { connection: Connection; confirmed: readonly Topic[] }): void {
    this.last = state;
    this.listener.onState(state.connection);
    if (state.confirmed.length > 0) this.listener.onTopics(state.confirmed);
  }
}
