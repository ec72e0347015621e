import { describe, expect, it } from "vitest";
import type { OpenApiDocument } from "@/api/documents";
import {
  curlOf,
  exampleOf,
  grouped,
  headersOf,
  isDestructive,
  matching,
  missingOf,
  type Operation,
  operationsOf,
  targetOf,
} from "@/pages/server/api/operations";
import { pretty, type Received } from "@/pages/server/api/sending";

const DOCUMENT: OpenApiDocument = {
  info: { title: "t", version: "1" },
  paths: {
    "/v2/actors/{actor}": {
      get: {
        summary: "Get actor",
        tags: ["actors"],
        parameters: [
          { name: "actor", in: "path", required: true, schema: { type: "string" } },
          { name: "q", in: "query", schema: { type: "string" } },
        ],
      },
      delete: { summary: "Delete actor", tags: ["actors"] },
    },
    "/greenroom/clock": {
      post: {
        summary: "Advance the clock",
        parameters: [{ name: "Last-Event-ID", in: "header", schema: { type: "string" } }],
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Order" } } } },
        security: [{ controlToken: [] }],
      },
    },
  },
  components: {
    schemas: {
      Order: {
        type: "object",
        required: ["secs", "of"],
        properties: {
          secs: { type: "number" },
          of: { $ref: "#/components/schemas/Of" },
          mode: { type: "string", default: "fast" },
          note: { type: "string" },
        },
      },
      Of: { type: "object", required: ["names"], properties: { names: { type: "array" } } },
    },
  },
};

const [get, remove, clock] = operationsOf(DOCUMENT) as [Operation, Operation, Operation];

describe("the operations of a document", () => {
  it("are found by each word, and grouped by tag or path", () => {
    expect(matching([get, remove, clock], "ACTOR del")).toEqual([remove]);
    expect(grouped([get, remove, clock]).map(([group, members]) => [group, members.length])).toEqual([
      ["actors", 2],
      ["clock", 1],
    ]);
    expect([get, remove, clock].map(isDestructive)).toEqual([false, true, true]);
  });

  it("have an example body with required fields and defaults, references included", () => {
    expect(JSON.parse(exampleOf(clock))).toEqual({ secs: 0, of: { names: [] }, mode: "fast" });
    expect(exampleOf(get)).toBe("");
  });

  it("need values for required parameters, and leave out what is empty", () => {
    expect(missingOf(get, { q: "a" })).toEqual(["actor"]);
    expect(targetOf(get, { actor: "me~a b/c", q: "x&y" })).toBe("/v2/actors/me~a%20b%2Fc?q=x%26y");
    expect(targetOf(get, { actor: "a", q: "" })).toBe("/v2/actors/a");
    expect(headersOf(clock, { "Last-Event-ID": "7" }, "{}")).toEqual({
      "Last-Event-ID": "7",
      "Content-Type": "application/json",
    });
  });

  it("become a command whose values the shell does not change, with a variable for the token", () => {
    expect(curlOf(get, { actor: "a", q: "it's" }, "", "http://localhost:3333")).toBe(
      `curl 'http://localhost:3333/v2/actors/a?q=it%27s' \\\n  -H "Authorization: Bearer $APIFY_TOKEN"`,
    );
    expect(curlOf(clock, {}, `{"note": "it's $HOME"}`, "http://localhost:3333")).toBe(
      [
        "curl -X POST http://localhost:3333/greenroom/clock",
        `  -H "Authorization: Bearer $GREENROOM_TOKEN"`,
        "  -H 'Content-Type: application/json'",
        `  --data-raw '{"note": "it'\\''s $HOME"}'`,
      ].join(" \\\n"),
    );
  });
});

describe("the body of a response", () => {
  const received = (text: string | null, changes: Partial<Received> = {}) =>
    pretty({ headers: [["content-type", "application/json"]], text, isCut: false, ...changes } as Received);

  it("is indented if it is whole JSON", () => {
    expect(received('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(received('{"a":1}\n{"a":2}')).toBe('{"a":1}\n{"a":2}');
    expect(received('{"a":', { isCut: true })).toBe('{"a":');
    expect(received("a", { headers: [["content-type", "text/plain"]] })).toBe("a");
    expect(received(null)).toBe("");
  });
});
