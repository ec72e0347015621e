import { describe, expect, it, vi } from "vitest";
import { bytes, cores, count, MISSING, megabytes, usd } from "@/format/numbers";
import { duration, durationInWords, fullTime, fullTimeIn, offset, setTimeZone, shortTime } from "@/format/times";

describe("a missing value", () => {
  it.each([count, megabytes, bytes, usd, duration, durationInWords, shortTime])("is a dash and never 0", (format) => {
    expect([format(null), format(undefined)]).toEqual([MISSING, MISSING]);
  });
});

describe("numbers", () => {
  it("separates thousands of counts, but not of memory sizes", () => {
    expect([count(999), count(1284), count(12_345_678)]).toEqual(["999", "1,284", "12,345,678"]);
    expect(megabytes(1024 ** 3 * 4)).toBe("4096");
  });
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [999_949, "1.0 MB"],
    [29_200_000, "29.2 MB"],
    [118_400, "118 kB"],
  ])("shows %d bytes as %s", (value, text) => expect(bytes(value)).toBe(text));
  it("shows the cores of a memory size", () => {
    expect([128, 1024, 4096, 8192].map(cores)).toEqual(["0.031 core", "0.25 core", "1 core", "2 cores"]);
  });
});

describe("durations", () => {
  it.each([
    [400, "0.4s", "0.4 s"],
    [41_900, "41s", "41 s"],
    [72_000, "1m 12s", "1 min 12 s"],
    [900_000, "15m 00s", "15 min 0 s"],
    [7_500_000, "2h 05m", "2 h 5 min"],
    [273_600_000, "3d 04h", "3 d 4 h"],
  ])("%d ms", (millis, inTable, inSentence) => {
    expect([duration(millis), durationInWords(millis)]).toEqual([inTable, inSentence]);
  });
  it("shows a position on the axis", () => {
    expect([offset(-5), offset(130_000), offset(3_730_000)]).toEqual(["0:00", "2:10", "1:02:10"]);
  });
});

describe("times", () => {
  it("leave out the day if it is today in the chosen zone", () => {
    setTimeZone("Europe/Prague");
    const now = Date.parse("2026-11-25T22:30:00Z");
    expect(shortTime("2026-11-25T13:21:55Z", now)).toBe("14:21:55");
    expect(shortTime("2026-11-25T23:30:00Z", now)).toBe("26 Nov 00:30");
    expect(shortTime("2025-01-02T03:04:05Z", now)).toBe("2 Jan 2025 04:04");
    expect(fullTime("2026-06-30T22:04:05Z")).toBe("1 July 2026, 00:04:05");
    expect(fullTimeIn("2026-11-25T23:30:00Z", "Asia/Tokyo")).toBe("Thu, 26 November 2026, 08:30:00");
  });
  it("are the same in the browser's zone, whether it was chosen or not", () => {
    vi.stubEnv("TZ", "America/St_Johns"); // half an hour off, with summer time
    const instants = ["2026-01-01T03:29:59Z", "2026-07-01T12:00:00Z", "2026-03-08T05:30:00Z", 0];
    const shown = (chosen: string | null) => {
      setTimeZone(chosen);
      return instants.map((each) => [fullTime(each), shortTime(each, Date.parse("2026-07-01T00:00:00Z"))]);
    };
    expect(shown(null)).toEqual(shown("America/St_Johns"));
    expect(shown(null)[0]).toEqual(["31 December 2025, 23:59:59", "31 Dec 2025 23:59"]);
    vi.unstubAllEnvs();
  });
});
