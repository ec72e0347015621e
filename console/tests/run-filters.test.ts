import { describe, expect, it } from "vitest";
import { runsExportPath } from "@/api/runs";
import { hasStatusOf } from "@/runs/membership";
import { sentence } from "@/runs/NoRuns";
import { parseFilter } from "@/runs/search";
import { aRun } from "./live/fakes";

describe("the filter in the address", () => {
  it("has what the list can filter by, and leaves out what means nothing", () => {
    const search = {
      status: "failed",
      origin: "CLI",
      from: "24h",
      to: "yesterday",
      q: " 12 ",
      sort: "-items",
      page: 3,
    };
    expect(parseFilter(search)).toEqual({ status: "FAILED", origin: "CLI", from: "24h", q: "12", sort: "-items" });
    expect(parseFilter({ status: "GONE", origin: "MARS", from: "1y", sort: "-cost" })).toEqual({});
    expect(parseFilter({ q: 412 })).toEqual({ q: "412" });
  });

  it("is that of the exported file", () => {
    const path = runsExportPath({ status: "FAILED", actor: "ada~crawler", from: "2026-11-25T12:00:00Z" }, "csv");
    expect(path).toBe("/greenroom/runs.csv?status=FAILED&actor=ada%7Ecrawler&startedAfter=2026-11-25T12%3A00%3A00Z");
  });

  it("is named by a list without matches", () => {
    const filter = { status: "FAILED", actor: "ada~crawler", from: "24h" };
    expect(sentence(filter, {}, "crawler")).toBe("No failed runs of crawler in the last 24 hours.");
    expect(sentence({ ...filter, q: "memory" }, { actor: "ada~crawler" }, undefined)).toBe(
      "No failed runs in the last 24 hours match “memory”.",
    );
  });
});

describe("a status filter", () => {
  it("includes all live statuses as LIVE", () => {
    const shown = (status: string, filter: string) => hasStatusOf(aRun({ status }), { status: filter });
    expect([shown("ABORTING", "LIVE"), shown("ABORTED", "LIVE"), shown("ABORTED", "ABORTED")]).toEqual([
      true,
      false,
      true,
    ]);
    expect(hasStatusOf(aRun(), {})).toBe(true);
  });
});
