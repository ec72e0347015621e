import type { Clock } from "@/live/clock";
import type { RunSummary } from "@/live/topics";

/** A clock that stands until a test moves it. */
export class FakeClock implements Clock {
  private time = Date.parse("2026-11-25T12:00:00Z");
  private timers: { at: number; call: () => void }[] = [];

  now = () => this.time;

  after = (millis: number, call: () => void) => {
    const timer = { at: this.time + millis, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  };

  /** Move the clock, and let promises settle after each timer. */
  async advance(millis: number): Promise<void> {
    const end = this.time + millis;
    await settle();
    for (let next = this.next(end); next; next = this.next(end)) {
      this.timers = this.timers.filter((each) => each !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
      await settle();
    }
    this.time = end;
  }

  private next(end: number) {
    return this.timers.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A server with an event stream, which a test stops and starts. */
export class FakeServer {
  isUp = true;
  status = 200;
  /** Why the next change of topics is rejected. */
  message = "";
  requests: { path: string; method: string; position: string | null; body: string | null }[] = [];
  private streams: ReadableStreamDefaultController<Uint8Array>[] = [];

  send = async (path: string, options: RequestInit): Promise<Response> => {
    const position = new Headers(options.headers).get("Last-Event-ID");
    this.requests.push({ path, method: options.method ?? "GET", position, body: (options.body as string) ?? null });
    if (!this.isUp) throw new TypeError("Failed to fetch");
    if (this.message !== "") {
      const response = new Response(this.message, { status: 404 });
      this.message = "";
      return response;
    }
    if (options.method === "PUT" || this.status !== 200) return new Response(null, { status: this.status });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.streams.push(controller);
        options.signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    this.write(`event: hello\ndata: {"connection":"c${this.streams.length}","position":"7"}\n\n`);
    return new Response(body);
  };

  write(text: string): void {
    this.streams.at(-1)?.enqueue(new TextEncoder().encode(text));
  }

  stop(): void {
    this.isUp = false;
    for (const stream of this.streams) stream.error(new Error("connection reset"));
    this.streams = [];
  }
}

export function aRun(changes: Partial<RunSummary> = {}): RunSummary {
  return {
    id: "run1",
    actorId: "actor1",
    actorName: "ada/crawler",
    actorTitle: null,
    taskId: null,
    buildNumber: "0.0.1",
    status: "RUNNING",
    statusMessage: null,
    exitCode: null,
    origin: "API",
    startedAt: "2026-11-25T12:00:00.000Z",
    modifiedAt: "2026-11-25T12:00:00.000Z",
    finishedAt: null,
    durationMillis: 0,
    memoryMbytes: 512,
    memCurrentBytes: null,
    memMaxBytes: null,
    memAtLimit: null,
    cpuCurrentUsage: null,
    netRxBytes: null,
    netTxBytes: null,
    diskMaxBytes: null,
    items: null,
    computeUnits: 0,
    usageTotalUsd: 0,
    containerUrl: null,
    ...changes,
  };
}
