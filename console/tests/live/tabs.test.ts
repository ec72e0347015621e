// @vitest-environment node
import { beforeEach, describe, expect, it } from "vitest";
import { SharedStream } from "@/live/tabs";
import { FakeClock, FakeServer, settle } from "./fakes";

/** Locks of several tabs. Closing a tab releases what it holds. */
class FakeLocks {
  private queues = new Map<string, { tab: string; call: () => unknown }[]>();

  of(tab: string): LockManager {
    const request = (name: string, call: () => unknown) => {
      const queue = this.queues.get(name) ?? [];
      this.queues.set(name, queue);
      queue.push({ tab, call });
      if (queue.length === 1) call();
      return new Promise(() => {});
    };
    return { request } as unknown as LockManager;
  }

  close(tab: string): void {
    for (const [name, queue] of this.queues) {
      const wasHeld = queue[0]?.tab === tab;
      const rest = queue.filter((each) => each.tab !== tab);
      this.queues.set(name, rest);
      if (wasHeld) rest[0]?.call();
    }
  }
}

/** Channels of several tabs. */
class FakeChannels {
  private open = new Map<string, { onmessage: ((event: { data: unknown }) => void) | null }>();

  of(tab: string): BroadcastChannel {
    const channel = {
      onmessage: null as ((event: { data: unknown }) => void) | null,
      postMessage: (data: unknown) => {
        for (const [name, other] of this.open) if (name !== tab) other.onmessage?.({ data });
      },
    };
    this.open.set(tab, channel);
    return channel as unknown as BroadcastChannel;
  }

  close(tab: string): void {
    this.open.delete(tab);
  }
}

describe("tabs", () => {
  let clock: FakeClock;
  let server: FakeServer;
  let locks: FakeLocks;
  let channels: FakeChannels;

  beforeEach(() => {
    [clock, server, locks, channels] = [new FakeClock(), new FakeServer(), new FakeLocks(), new FakeChannels()];
  });

  function open(tab: string) {
    const seen = { events: [] as string[], state: "", topics: [] as readonly string[] };
    const stream = new SharedStream(
      {
        onMessage: ({ name }) => seen.events.push(name),
        onState: ({ state }) => {
          seen.state = state;
        },
        onTopics: (topics) => {
          seen.topics = topics;
        },
        onSignedOut: () => seen.events.push("signed out"),
      },
      { clock, locks: locks.of(tab), channel: channels.of(tab), send: server.send },
    );
    const close = () => {
      channels.close(tab);
      locks.close(tab);
    };
    return { stream, seen, close };
  }

  const connections = () => server.requests.filter(({ method }) => method === "GET");

  it("share one connection with the topics of all of them", async () => {
    const first = open("first");
    first.stream.setTopics(["runs"]);
    await clock.advance(0);
    const second = open("second");
    second.stream.setTopics(["run:1"]);
    await settle();
    expect(connections()).toHaveLength(1);
    expect([first.seen.topics, second.seen.topics]).toEqual([
      ["run:1", "runs"],
      ["run:1", "runs"],
    ]);
    server.write("id: 9\nevent: run\ndata: {}\n\n");
    await settle();
    expect([first.seen.events, second.seen.events]).toEqual([["run"], ["run"]]);
    second.close();
    await settle();
    expect(first.seen.topics).toEqual(["runs"]);
  });

  it("continue at the same position when the leading tab closes", async () => {
    const first = open("first");
    first.stream.setTopics(["runs"]);
    const second = open("second");
    second.stream.setTopics(["builds"]);
    await clock.advance(0);
    server.write("id: 9\nevent: run\ndata: {}\n\n");
    await settle();
    first.close();
    await settle();
    expect(connections().at(-1)).toMatchObject({ path: "/greenroom/events?topics=builds", position: "9" });
    expect(second.seen.state).toBe("connected");
  });

  it("get the state of the connection when they open", async () => {
    open("first").stream.setTopics(["runs"]);
    await clock.advance(0);
    const second = open("second");
    second.stream.setTopics(["runs"]);
    await settle();
    expect([second.seen.state, second.seen.topics]).toEqual(["connected", ["runs"]]);
  });
});
