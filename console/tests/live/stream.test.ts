// @vitest-environment node
import { beforeEach, describe, expect, it } from "vitest";
import type { Connection } from "@/live/connection";
import { type Message, MessageParser } from "@/live/messages";
import { EventStream } from "@/live/stream";
import type { Topic } from "@/live/topics";
import { FakeClock, FakeServer } from "./fakes";

describe("the parser of messages", () => {
  it("reads messages that arrive in any pieces, with any line ends", () => {
    const text = ': ping\r\n\r\nid: 1\r\nevent: run\r\ndata: {"a":\rdata:1}\n\ndata: x\n\nid: 2\n\n';
    for (const size of [1, 2, 3, text.length]) {
      const parser = new MessageParser();
      const found: Message[] = [];
      for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
      expect(found).toEqual([
        { id: "1", name: "run", data: '{"a":\n1}' },
        { id: "1", name: "message", data: "x" },
      ]);
    }
  });
});

describe("the stream", () => {
  let clock: FakeClock;
  let server: FakeServer;
  let stream: EventStream;
  let states: Connection[];
  let messages: Message[];
  let confirmed: (readonly Topic[])[];
  let signedOut: number;

  beforeEach(() => {
    [clock, server, states, messages, confirmed, signedOut] = [new FakeClock(), new FakeServer(), [], [], [], 0];
    const listener = {
      onMessage: (message: Message) => messages.push(message),
      onState: (state: Connection) => states.push(state),
      onTopics: (topics: readonly Topic[]) => confirmed.push(topics),
      onSignedOut: () => {
        signedOut += 1;
      },
    };
    stream = new EventStream(listener, clock, server.send);
  });

  const shown = () => states.at(-1);

  it("shows a lost connection after 2 s, the next attempt after 10 s, and resumes", async () => {
    stream.start(["runs"], "");
    await clock.advance(0);
    server.write("id: 12\nevent: run\ndata: {}\n\n");
    await clock.advance(0);
    expect([shown(), messages.length]).toEqual([{ state: "connected" }, 1]);

    server.stop();
    await clock.advance(1_900);
    expect(shown()).toEqual({ state: "connected" });
    await clock.advance(200);
    expect(shown()).toEqual({ state: "reconnecting" });
    await clock.advance(8_000);
    expect(shown()).toMatchObject({ state: "offline" });
    const first = (shown()?.retryInSecs ?? 0) + 0;
    await clock.advance(1_000);
    expect(shown()).toEqual({ state: "offline", retryInSecs: first - 1 });

    server.isUp = true;
    stream.retryNow();
    await clock.advance(0);
    expect(shown()).toEqual({ state: "connected" });
    expect(server.requests.at(-2)).toMatchObject({ path: "/greenroom/events?topics=runs", position: "12" });
    expect(server.requests.at(-1)).toMatchObject({ method: "PUT", body: '{"topics":["runs"]}' });
  });

  it("resumes from the position of its beginning if no event has arrived", async () => {
    stream.start(["runs"], "");
    await clock.advance(0);
    server.stop();
    server.isUp = true;
    await clock.advance(1_000);
    expect(server.requests.map((each) => each.position).slice(0, 2)).toEqual([null, "7"]);
  });

  it("changes topics without a new connection, and connects again if the server has forgotten it", async () => {
    stream.start(["runs"], "");
    await clock.advance(0);
    stream.setTopics(["runs", "run:1"]);
    await clock.advance(0);
    expect(server.requests.at(-1)?.path).toBe("/greenroom/events/c1/topics");
    expect(confirmed).toEqual([["runs"], ["runs", "run:1"]]);
    server.status = 404;
    server.message = "";
    stream.setTopics(["runs"]);
    await clock.advance(0);
    server.status = 200;
    await clock.advance(1_000);
    expect(shown()).toEqual({ state: "connected" });
    expect(confirmed.at(-1)).toEqual(["runs"]);
  });

  it("leaves out records that the server does not know", async () => {
    stream.start(["runs"], "");
    await clock.advance(0);
    server.message = "There is no run with the ID gone.";
    stream.setTopics(["runs", "run:1", "run:gone"]);
    await clock.advance(0);
    expect(confirmed.at(-1)).toEqual(["runs", "run:1"]);
    expect(shown()).toEqual({ state: "connected" });
  });

  it("notices a server that has fallen silent", async () => {
    stream.start(["runs"], "");
    await clock.advance(30_000);
    server.write(": ping\n\n");
    await clock.advance(30_000);
    expect(server.requests).toHaveLength(1);
    await clock.advance(20_000);
    expect(server.requests.filter(({ method }) => method === "GET")).toHaveLength(2);
  });

  it("stops when the session has ended", async () => {
    server.status = 401;
    stream.start(["runs"], "");
    await clock.advance(60_000);
    expect([signedOut, server.requests.length]).toEqual([1, 1]);
  });
});
