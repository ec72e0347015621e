// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { numberOf, writeJson } from "@/json/exact";
import { editorOf, type InputSchema, initialInput, maskedInput, plainText, sectionsOf } from "@/schema-form/schema";
import { formatDate, parseDate } from "@/schema-form/values/dates";
import { formatJson, parseJsonText } from "@/schema-form/values/json";
import { formatNumber, parseNumber } from "@/schema-form/values/numbers";
import { formatProxy, parseProxy } from "@/schema-form/values/proxies";
import {
  formatRows,
  linesOf,
  newRow,
  parseRows,
  type RowKind,
  rowsOfLines,
  textsOfFile,
} from "@/schema-form/values/rows";

describe("the editor of a field", () => {
  it.each([
    [{ type: "string", editor: "textarea" }, "textarea"],
    [{ type: "string", editor: "select", enum: ["a"] }, "select"],
    [{ type: "array", editor: "select", items: { type: "string", enum: ["a"] } }, "multiselect"],
    [{ type: "array", editor: "fileupload" }, "filesupload"],
    [{ type: "string", resourceType: "dataset" }, "resourcePicker"],
    [{ type: "array", resourceType: "requestQueue", editor: "resourcePicker" }, "resourcesPicker"],
    [{ type: "string", resourceType: "dataset", editor: "textfield" }, "textfield"],
    [{ type: "string", resourceType: "mcpServer", editor: "resourcePicker" }, "unknown"],
    [{ type: "string", resourceType: "dataset", editor: "hidden" }, "hidden"],
    [{ type: "boolean" }, "checkbox"],
    [{ type: "integer" }, "number"],
    [{ type: ["number", "null"] }, "number"],
    [{ type: "object", properties: {} }, "schemaBased"],
    [{ type: "string", editor: "colorWheel" }, "unknown"],
  ])("%j is %s", (field, kind) => expect(editorOf(field)).toBe(kind));
});

describe("numbers", () => {
  it.each([
    [" 12 ", "12"],
    ["-1.5e3", "-1.5e3"],
    ["10 000", "10000"],
    [".5", "0.5"],
    ["5.", "5"],
    ["+007", "7"],
    ["-.5E+2", "-0.5E+2"],
    ["1.50", "1.50"],
    ["9007199254740993", "9007199254740993"],
  ])("%j is sent as %j", (text, sent) => expect(writeJson(parseNumber(text, { type: "number" }).value)).toBe(sent));
  it.each(["abc", "1,5", "0x10", "--1", ".", "+", "e5", "Infinity"])("%j is rejected", (text) => {
    expect(parseNumber(text, { type: "number" }).problem).toContain("is not a number");
  });
  it("have no value without digits", () => expect(parseNumber(" ", { type: "number" })).toEqual({ value: undefined }));
  it("have the words of the server for a number that is too large", () => {
    expect(parseNumber("1e999", { type: "number" }).problem).toBe("1e999 is too large for a number.");
  });
  it("a whole number has no fraction", () => {
    expect(parseNumber("1.5", { type: "integer" }).problem).toBe("1.5 is not a whole number. Write one such as 2.");
  });
  it("shows numbers as they were written", () => {
    expect([undefined, null, 0, numberOf("1.50"), "x"].map(formatNumber)).toEqual(["", "", "0", "1.50", "x"]);
  });
});

describe("dates", () => {
  it.each(["2026-11-01", "3 days", "1 week", "2026-11-01T10:00Z", undefined])("%j stays as it is", (value) => {
    expect(parseDate(formatDate(value, "absoluteOrRelative"))).toEqual({ value });
  });
  it("has the kind of the schema while it is empty", () => {
    expect(formatDate(undefined, "relative").kind).toBe("relative");
    expect(formatDate(undefined, undefined).kind).toBe("absolute");
  });
  it("rejects an amount that is not whole", () => {
    expect(parseDate({ kind: "relative", amount: "1.5", unit: "day" })).toHaveProperty("problem");
  });
});

describe("lists", () => {
  const values: [RowKind, unknown][] = [
    [
      "requestListSources",
      [{ url: "https://a.b", method: "POST", userData: { x: 1 } }, { requestsFromUrl: "https://c.d" }],
    ],
    ["globs", [{ glob: "https://a.b/**" }, "https://c.d/*"]],
    ["pseudoUrls", [{ purl: "https://a.b/[.*]" }]],
    ["stringList", ["one", " two "]],
    ["keyValue", [{ key: "Accept", value: "text/html; q=1" }]],
  ];
  it.each(values)("%s preserves what its rows do not show", (kind, value) => {
    expect(parseRows(kind, formatRows(kind, value as never))).toEqual(value);
  });
  it("preserves items that are not touched", () => {
    const rows = formatRows("keyValue", [
      { key: " a ", value: 5 },
      { value: "", key: "" },
      7,
      { key: "b", value: "c" },
    ]);
    const edited = rows.map((row) => (row.text === "b" ? { ...row, second: "d" } : row));
    expect(parseRows("keyValue", edited)).toEqual([
      { key: " a ", value: 5 },
      { value: "", key: "" },
      7,
      { key: "b", value: "d" },
    ]);
  });
  it("leaves out empty rows, and has no value without rows", () => {
    expect(parseRows("globs", [newRow("globs", " "), newRow("globs", "x")])).toEqual([{ glob: "x" }]);
    expect(parseRows("stringList", [newRow("stringList")])).toBeUndefined();
  });
  it("preserves the other properties of unchanged lines in a bulk edit", () => {
    const rows = formatRows("requestListSources", [{ url: "https://a.b", method: "PUT" }, { url: "https://c.d" }]);
    const edited = rowsOfLines("requestListSources", "https://new\n\n  https://a.b  ", rows);
    expect(parseRows("requestListSources", edited)).toEqual([
      { url: "https://new" },
      { url: "https://a.b", method: "PUT" },
    ]);
  });
  it("edits pairs as lines", () => {
    const rows = formatRows("keyValue", [{ key: "A", value: "b: c" }]);
    expect(linesOf("keyValue", rows)).toBe("A: b: c");
    expect(parseRows("keyValue", rowsOfLines("keyValue", "A: b: c\nB", rows))).toEqual([
      { key: "A", value: "b: c" },
      { key: "B", value: "" },
    ]);
  });
  it("finds the URLs of a file, each once", () => {
    expect(textsOfFile("requestListSources", 'a,"https://x.y/1",b\nhttps://x.y/2\nhttps://x.y/1')).toEqual([
      "https://x.y/1",
      "https://x.y/2",
    ]);
    expect(textsOfFile("stringList", "a\n\nb")).toEqual(["a", "b"]);
  });
});

describe("proxies", () => {
  it.each([
    { useApifyProxy: true },
    { useApifyProxy: true, apifyProxyGroups: ["SHADER"], apifyProxyCountry: "CZ" },
    { useApifyProxy: false, proxyUrls: ["http://u:p@h:1"] },
    { useApifyProxy: false },
    { useApifyProxy: true, other: 1 },
  ])("%j stays as it is", (value) => expect(parseProxy(formatProxy(value), value)).toEqual(value));
  it("leaves out what does not belong to the mode", () => {
    const draft = { mode: "custom" as const, groups: ["SHADER"], country: "CZ", urls: "http://a:1\nhttp://b:2" };
    expect(parseProxy(draft, undefined)).toEqual({ useApifyProxy: false, proxyUrls: ["http://a:1", "http://b:2"] });
  });
});

describe("JSON", () => {
  it("checks the type of the field, and names the line", () => {
    expect(parseJsonText('{"a": 1}', { type: "object" })).toEqual({ value: { a: 1 } });
    expect(parseJsonText("[]", { type: "object" }).problem).toBe("Write an object: { ... }.");
    expect(parseJsonText("null", { type: "array", nullable: true })).toEqual({ value: null });
    expect(parseJsonText("{\n  a}", { type: "object" }).problem).toMatch(/^Line 2: /);
    expect(parseJsonText("  ", { type: "object" })).toEqual({ value: undefined });
    expect(formatJson(undefined)).toBe("");
  });
});

describe("a schema", () => {
  const schema = {
    type: "object",
    properties: {
      a: { type: "string", prefill: "p", default: "d" },
      b: { type: "integer", default: 5, editor: "hidden" },
      c: { type: "string", sectionCaption: "More", sectionDescription: "text" },
    },
  } as InputSchema;
  it("begins with prefilled values, then defaults, hidden ones included", () => {
    expect(initialInput(schema)).toEqual({ a: "p", b: 5 });
  });
  it("has sections without hidden fields", () => {
    expect(sectionsOf(schema).map(({ caption, fields }) => [caption, fields.map(({ name }) => name)])).toEqual([
      [null, ["a"]],
      ["More", ["c"]],
    ]);
  });
  it("shows no secrets", () => {
    const secret = { properties: { key: { type: "string", isSecret: true }, other: {} } } as unknown as InputSchema;
    expect(maskedInput(secret, { key: "s3cret", other: "x" })).toEqual({ key: "••••••", other: "x" });
    expect(maskedInput(secret, { key: "ENCRYPTED_VALUE:a:b" })).toEqual({ key: "ENCRYPTED_VALUE:a:b" });
  });
  it("shows descriptions without their HTML", () => {
    expect(plainText("Use <b>globs</b> &amp; <script>x()</script>more")).not.toMatch(/[<>]/);
    expect(plainText("plain > text")).toBe("plain > text");
  });
});
