/**
 * The one connection on which the server sends events. It resumes after each interruption.
 *
 * It uses `fetch` instead of an EventSource, which can neither send the position that another tab has reached, nor
 * report that the session has ended, nor show when it tries again.
 */
import type { Clock } from "./clock";
import type { Connection } from "./connection";
import { type Message, readMessages } from "./messages";
import type { Topic } from "./topics";

const PATH = "/greenroom/events";
const RECONNECTING_AFTER_MILLIS = 2_000;
const OFFLINE_AFTER_MILLIS = 10_000;
const FIRST_RETRY_MILLIS = 500;
const MAX_RETRY_MILLIS = 5_000;
const SECOND = 1_000;
/** The server sends at least a comment every 15 seconds. */
const SILENCE_MILLIS = 40_000;

type StreamListener = {
  onMessage: (message: Message) => void;
  onState: (connection: Connection) => void;
  /** The server has confirmed that it sends the events of these topics from now on. */
  onTopics: (topics: readonly Topic[]) => void;
  /** The session is not valid any more. The stream stays closed until `start`. */
  onSignedOut: () => void;
};

function isList(topic: Topic): boolean {
  return !topic.includes(":");
}

type Send = (path: string, options: RequestInit) => Promise<Response>;

export class EventStream {
  private topics: readonly Topic[] = [];
  /** Topics of records that the server does not know, such as deleted runs. */
  private readonly unknown = new Set<Topic>();
  private position = "";
  private connection: string | null = null;
  private attempt: AbortController | null = null;
  private lostAt: number | null = null;
  private failures = 0;
  private retryAt = 0;
  private timers = new Map<string, () => void>();

  constructor(
    private readonly listener: StreamListener,
    private readonly clock: Clock,
    private readonly send: Send = (path, options) => fetch(path, options),
  ) {}

  /** Connect, and resume after the event at `position`. */
  start(topics: readonly Topic[], position: string): void {
    this.stop();
    this.topics = topics;
    this.position = position;
    this.failures = 0;
    this.unknown.clear();
    this.lostAt = this.clock.now();
    this.showLoss();
    void this.connect();
  }

  stop(): void {
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
    this.attempt?.abort();
    this.attempt = null;
    this.connection = null;
  }

  retryNow(): void {
    if (this.attempt === null && this.lostAt !== null && this.timers.has("retry")) void this.connect();
  }

  setTopics(topics: readonly Topic[]): void {
    this.topics = topics;
    if (this.connection !== null) void this.putTopics(this.connection);
  }

  private async connect(): Promise<void> {
    this.later("retry", null);
    const attempt = new AbortController();
    this.attempt = attempt;
    this.watchSilence();
    try {
      const headers = this.position === "" ? {} : { "Last-Event-ID": this.position };
      const lists = this.topics.filter(isList);
      const path = `${PATH}?topics=${lists.join(",")}`;
      const response = await this.send(path, { headers, signal: attempt.signal, cache: "no-store" });
      if (response.status === 401) return this.signedOut();
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      await this.read(response.body, lists);
    } catch {
      // Why the connection ended makes no difference: the top bar shows that it did, and it is tried again.
    }
    if (this.attempt !== attempt) return;
    attempt.abort();
    this.lost();
  }

  private async read(body: ReadableStream<Uint8Array>, lists: readonly Topic[]): Promise<void> {
    const current = this.attempt;
    await readMessages(
      body,
      (message) => {
        if (this.attempt !== current) return;
        if (message.name === "hello") this.connected(JSON.parse(message.data), lists);
        else this.received(message);
      },
      () => this.watchSilence(),
    );
  }

  private watchSilence(): void {
    this.later("silence", () => this.attempt?.abort(), SILENCE_MILLIS);
  }

  private connected(
    { connection, position }: { connection: string; position?: string | number },
    lists: readonly Topic[],
  ) {
    const hasResumed = this.position !== ""; // a resumed connection has the topics of its last time
    this.connection = connection;
    this.lostAt = null;
    this.later("state", null);
    if (!hasResumed && position !== undefined) this.position = String(position);
    this.listener.onState({ state: "connected" });
    this.confirmed(lists);
    if (hasResumed || lists.length < this.topics.length) void this.putTopics(connection);
  }

  private confirmed(topics: readonly Topic[]): void {
    // Otherwise a server that rejects the topics at each attempt would be asked without a pause.
    if (this.topics.every((topic) => topics.includes(topic) || this.unknown.has(topic))) this.failures = 0;
    this.listener.onTopics(topics);
  }

  private received(message: Message): void {
    if (message.id !== "") this.position = message.id;
    this.listener.onMessage(message);
  }

  private async putTopics(connection: string): Promise<void> {
    const topics = this.topics.filter((topic) => !this.unknown.has(topic));
    const response = await this.send(`${PATH}/${connection}/topics`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ topics }),
    }).catch(() => null);
    if (this.connection !== connection) return;
    if (response?.ok) this.confirmed(topics);
    else await this.rejected(connection, topics, (await response?.text()) ?? "");
  }

  /** The server rejects all topics if it does not know the record of one, which its message names. */
  private async rejected(connection: string, topics: readonly Topic[], message: string): Promise<void> {
    const unknown = topics.filter((topic) => !isList(topic) && message.includes(topic.slice(topic.indexOf(":") + 1)));
    for (const topic of unknown) this.unknown.add(topic);
    if (unknown.length > 0) await this.putTopics(connection);
    else this.attempt?.abort(); // the server has forgotten the connection
  }

  private signedOut(): void {
    this.stop();
    this.listener.onState({ state: "connecting" });
    this.listener.onSignedOut();
  }

  private lost(): void {
    this.later("silence", null);
    this.attempt = null;
    this.connection = null;
    this.lostAt ??= this.clock.now();
    const wait = Math.min(FIRST_RETRY_MILLIS * 2 ** this.failures, MAX_RETRY_MILLIS);
    this.failures += 1;
    this.retryAt = this.clock.now() + wait;
    this.later("retry", () => void this.connect(), wait);
    this.showLoss();
  }

  /** Show for how long the connection has been lost, and show it again when that changes. */
  private showLoss(): void {
    if (this.lostAt === null) return;
    const lostMillis = this.clock.now() - this.lostAt;
    const isOffline = lostMillis >= OFFLINE_AFTER_MILLIS;
    const isLate = lostMillis >= RECONNECTING_AFTER_MILLIS;
    const retryInSecs = Math.max(0, Math.ceil((this.retryAt - this.clock.now()) / SECOND));
    if (isOffline) this.listener.onState({ state: "offline", retryInSecs });
    else if (isLate) this.listener.onState({ state: "reconnecting" });
    const next = isLate ? OFFLINE_AFTER_MILLIS : RECONNECTING_AFTER_MILLIS;
    this.later("state", () => this.showLoss(), isOffline ? SECOND : next - lostMillis);
  }

  /** Call a function later instead of the one that was planned under this name; null only cancels. */
  private later(name: string, call: (() => void) | null, millis = 0): void {
    this.timers.get(name)?.();
    this.timers.delete(name);
    if (call === null) return;
    const run = () => {
      this.timers.delete(name);
      call();
    };
    this.timers.set(name, this.clock.after(millis, run));
  }
}
