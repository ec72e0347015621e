import { describe, expect, it } from "vitest";
import { checkInput } from "@/schema-form/checks";
import { problemsOf } from "@/schema-form/problems";
import type { InputSchema } from "@/schema-form/schema";

const schema = {
  required: ["startUrls", "pages", "name"],
  properties: {
    startUrls: { type: "array", editor: "requestListSources" },
    pages: { type: "integer", minimum: 1, maximum: 9 },
    "pages.deep": { type: "integer" },
    name: { type: "string", pattern: "^[a-z]+$", maxLength: 5, errorMessage: { pattern: "Use lower case." } },
    words: { type: "array", minItems: 2 },
    proxy: { type: "object", editor: "proxy" },
    key: { type: "string", isSecret: true, maxLength: 3 },
    depth: { type: "integer", minimum: 1, default: 2 },
  },
} as unknown as InputSchema;

describe("the server's message", () => {
  it("is sorted to the fields that it names, unchanged", () => {
    const message =
      "Input is not valid: Field input.pages must be >= 1, Items in input.startUrls at positions [0,2] do not contain " +
      'valid URLs, Country code "xx" is invalid. Only ISO 3166-1 alpha-2 country codes are supported.';
    expect(problemsOf(message, schema)).toEqual({
      fields: {
        pages: "Field input.pages must be >= 1",
        startUrls: "Items in input.startUrls at positions [0,2] do not contain valid URLs",
        proxy: 'Country code "xx" is invalid. Only ISO 3166-1 alpha-2 country codes are supported.',
      },
      others: [],
    });
  });
  it.each([
    ["Field input.pages.deep must be integer", "pages.deep"],
    ["Field input.words.0.x must be string", "words"],
    ["Property input.proxy.y is not allowed.", "proxy"],
    ["Use lower case.", "name"],
  ])("%s is about %s", (sentence, name) => {
    expect(Object.keys(problemsOf(`Input is not valid: ${sentence}`, schema).fields)).toEqual([name]);
  });
  it("stays whole if it names no field", () => {
    expect(problemsOf("Input schema is not valid: x", schema)).toEqual({
      fields: {},
      others: ["Input schema is not valid: x"],
    });
  });
});

describe("checks of the form", () => {
  it("use the server's words, for all fields", () => {
    expect(
      checkInput(schema, { startUrls: [], pages: 0, name: "abcdef", words: ["x"], key: "ENCRYPTED_VALUE:a:b" }),
    ).toEqual({
      startUrls: "Field input.startUrls must NOT have fewer than 1 items",
      pages: "Field input.pages must be >= 1",
      name: "Field input.name must NOT have more than 5 characters",
      words: "Field input.words must NOT have fewer than 2 items",
    });
  });
  it("use the messages of the schema", () => {
    expect(checkInput(schema, { startUrls: [{}], pages: 1, name: "A" })).toEqual({ name: "Use lower case." });
  });
  it("accept a default in place of a value", () => {
    expect(checkInput(schema, { startUrls: [{}], pages: 1 })).toEqual({ name: "Field input.name is required" });
  });
});
