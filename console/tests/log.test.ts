import { describe, expect, it } from "vitest";
import { afterScroll, newLines } from "@/log/follow";
import { ROW_HEIGHT, RowHeights } from "@/log/heights";
import { lineAt } from "@/log/lineAt";
import { CHUNK_LINES, type FetchLines, LineCache, type LogLine } from "@/log/lines";
import { nextMatch } from "@/log/search";
import { markMatches, matchesIn, parseLine, plainText } from "@/log/text";

const START = Date.parse("2026-11-25T14:00:00.000Z");

function logLine(number: number, text?: string, level: LogLine["level"] = null): LogLine {
  const time = new Date(START + number * 1000).toISOString();
  return { number, offset: 0, text: `${time} ${text ?? `line ${number}`}`, length: 0, isFolded: false, level };
}

/** A server with a log of this many lines, and what was requested from it. */
function server(total: number) {
  const requests: [number, number][] = [];
  const log = { total, requests };
  const fetchLines: FetchLines = async (first, count) => {
    requests.push([first, count]);
    const start = first >= 0 ? first : Math.max(0, log.total + first);
    const length = Math.max(0, Math.min(count, log.total - start));
    const lines = Array.from({ length }, (_, index) => logLine(start + index));
    return { lines, totalLines: log.total, totalBytes: 0, isEnded: false, truncated: false };
  };
  return { ...log, log, fetchLines };
}

describe("the lines of a log", () => {
  it("are fetched in chunks, each once, and only where they are needed", async () => {
    const { fetchLines, requests } = server(1_000_000);
    const cache = new LineCache(fetchLines);
    await cache.refresh();
    expect(cache.state.totalLines).toBe(1_000_000);
    await Promise.all([cache.need(500, 560), cache.need(510, 570)]);
    await cache.need(520, 580);
    expect(requests).toEqual([
      [-CHUNK_LINES, CHUNK_LINES],
      [400, CHUNK_LINES],
    ]);
    expect(cache.line(559)?.number).toBe(559);
  });

  it("are continued from the last known one when the log grows", async () => {
    const { fetchLines, requests, log } = server(450);
    const cache = new LineCache(fetchLines);
    await cache.refresh();
    await cache.need(440, 450);
    log.total = 460;
    cache.grow(460, 0);
    await cache.need(440, 460);
    expect(requests.at(-1)).toEqual([450, 150]);
    expect(cache.line(459)?.number).toBe(459);
  });

  it("are not fetched where a scroll bar was only dragged by", async () => {
    const { fetchLines, requests } = server(1_000_000);
    const cache = new LineCache(fetchLines);
    await cache.refresh();
    const views = Array.from({ length: 100 }, (_, step) => cache.view([[step * 5_000, step * 5_000 + 60]]));
    await Promise.all(views);
    expect(requests.slice(1).map(([first]) => first)).toEqual([0, 495_000]);
    await cache.view([[800_000, 800_060]]);
    expect(cache.line(800_059)?.number).toBe(800_059);
  });

  it("do not become fewer when an old event arrives late", async () => {
    const cache = new LineCache(server(100).fetchLines);
    await cache.refresh();
    cache.grow(90, 0);
    expect(cache.state.totalLines).toBe(100);
  });

  it("stay when a request fails, and the error is known", async () => {
    let isDown = false;
    const { fetchLines } = server(500);
    const cache = new LineCache((first, count) =>
      isDown ? Promise.reject(new Error("down")) : fetchLines(first, count),
    );
    await cache.refresh();
    isDown = true;
    await cache.need(0, 10);
    expect([cache.line(499)?.number, cache.line(0), String(cache.state.error)]).toEqual([
      499,
      undefined,
      "Error: down",
    ]);
  });

  it("are found by their time", async () => {
    const cache = new LineCache(server(1000).fetchLines);
    await cache.refresh();
    expect(await lineAt(cache, START + 333_400)).toBe(333);
    expect(await lineAt(cache, START - 1)).toBe(null);
    expect(await lineAt(cache, START + 5_000_000)).toBe(999);
  });
});

describe("a line", () => {
  it.each([
    ["[crawlee.pool] INFO  ready", "INFO", "crawlee.pool", "ready"],
    ["\u001b[90m[apify]\u001b[0m \u001b[33mWARN \u001b[0m slow", "WARN", "apify", "slow"],
    ["INFO  ParselCrawler: done", "INFO", "ParselCrawler", "done"],
    ["ACTOR: Pulling image", "SYS", "", "Pulling image"],
    ["  File main.py, line 1", null, "", "  File main.py, line 1"],
  ] as const)("%j is divided into its parts", (text, level, logger, plain) => {
    const parsed = parseLine(logLine(0, text, level));
    expect([parsed.at, parsed.logger, parsed.plain]).toEqual([START, logger, plain]);
    expect(parsed.spans.map((span) => span.text).join("")).toBe(plain);
  });

  it("is copied without colors, with or without its time", () => {
    const { text } = logLine(0, "\u001b[31mred\u001b[0m");
    expect([plainText(text, true), plainText(text, false)]).toEqual(["2026-11-25T14:00:00.000Z red", "red"]);
  });

  it("shows matches that cross colors", () => {
    const spans = [{ text: "me" }, { text: "mory memory", color: "--failed" }];
    const marked = markMatches(spans, matchesIn("memory memory", "MEMORY"));
    expect(marked.map((span) => [span.text, span.isMatch])).toEqual([
      ["me", true],
      ["mory", true],
      [" ", false],
      ["memory", true],
    ]);
  });
});

describe("the way from match to match", () => {
  it("continues at the other end", () => {
    expect([nextMatch([3, 8], null, 1), nextMatch([3, 8], 3, 1), nextMatch([3, 8], 8, 1)]).toEqual([3, 8, 3]);
    expect([nextMatch([3, 8], 5, -1), nextMatch([3, 8], 3, -1), nextMatch([], 3, 1)]).toEqual([3, 8, null]);
  });
});

describe("following", () => {
  it("pauses when the user scrolls up, counts what arrives, and resumes at the end", () => {
    const paused = afterScroll({ isFollowing: true, seenLines: 0 }, false, 100);
    expect([paused.isFollowing, newLines(paused, 412)]).toEqual([false, 312]);
    expect(afterScroll(paused, false, 412)).toBe(paused);
    expect(newLines(afterScroll(paused, true, 412), 500)).toBe(0);
  });
});

describe("the heights of rows", () => {
  it("are found in a million rows, measured ones included", () => {
    const heights = new RowHeights(1_000_000);
    expect([heights.total, heights.rowAt(999_999 * ROW_HEIGHT + 5)]).toEqual([20_000_000, 999_999]);
    expect(heights.measure(10, 60)).toBe(40);
    expect(heights.measure(10, 60)).toBe(0);
    expect([heights.top(10), heights.top(11), heights.rowAt(259), heights.rowAt(260)]).toEqual([200, 260, 10, 11]);
    heights.resize(1_500_000);
    expect([heights.top(11), heights.total]).toEqual([260, 30_000_040]);
  });
});
