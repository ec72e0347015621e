import { describe, expect, it } from "vitest";
import { parseJson } from "@/editor/jsonErrors";

describe("a JSON text", () => {
  it.each(['{"a": [1, -2.5, true, null, "x\\u00e9\\n"]}', "[]", " {} ", '"text"'])("%s is valid", (text) => {
    expect(parseJson(text)).toEqual({ value: JSON.parse(text), error: null });
  });

  it.each([
    ["", 1, 1, "Expected a value instead of the end of the text"],
    ['{\n  "a": 1,\n}', 2, 9, "Remove the comma before }"],
    ['{"a": 1 "b": 2}', 1, 9, 'Expected a comma or } instead of "'],
    ["{a: 1}", 1, 2, "Expected a name in double quotes instead of a"],
    ["[1,\n2,\nyes]", 3, 1, "Unexpected yes; text needs double quotes"],
    ['["x]', 1, 2, "A string has no closing quote"],
    ['{"a" 1}', 1, 6, "Expected a colon instead of 1"],
    ["{} {}", 1, 4, "Unexpected { after the end of the value"],
    ['["\\x"]', 1, 3, "A string contains an invalid escape"],
    ["[01]", 1, 3, "Expected a comma or ] instead of 1"],
    ["['a']", 1, 2, "Expected a value instead of '"],
  ])("%j has its first error at %d:%d", (text, line, column, message) => {
    expect(parseJson(text)).toEqual({ value: undefined, error: { line, column, message } });
  });
});
