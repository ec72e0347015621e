import { describe, expect, it } from "vitest";
import { parseJson } from "@/editor/jsonErrors";
import { approximate, hasExactNumbers, indentJson, isObject, numberOf, readJson, writeJson } from "@/json/exact";

const NUMBERS = [
  "0",
  "-0",
  "1",
  "1.0",
  "1e3",
  "1E400",
  "-1e-400",
  "9007199254740993",
  "0.10",
  "12345678901234567890.5",
];

describe("JSON", () => {
  it.each(NUMBERS)("has the number %s as it was written", (number) => {
    for (const text of [number, `[${number},"${number}"]`, `{"a":{"b":[${number}]}}`]) {
      expect(writeJson(readJson(text))).toBe(text);
    }
  });
  it("has numbers of JavaScript wherever they are the same", () => {
    expect(readJson("[0, -1.5, 123456789012345, 1e21]")).toEqual([0, -1.5, 123456789012345, numberOf("1e21")]);
    expect(writeJson({ a: 1.5, b: undefined, c: [undefined] })).toBe('{"a":1.5,"c":[null]}');
  });
  it.each(['"1e400"', '"\\"1.0"', '"\\\\"', '{"1.0":"-0 \\\\\\" 2.0"}', '"exact:1.0"'])("changes no text: %s", (text) =>
    expect(writeJson(readJson(text))).toBe(text),
  );
  it("reads texts of megabytes, with and without escapes", () => {
    const long = `{"a":"${"\\n".repeat(3_000_000)}","b":"${"x".repeat(3_000_000)}","c":1.0}`;
    expect(writeJson(readJson(long)) === long).toBe(true);
  });
  it.each(["01", "1.", "[1.0,]", '{"a" 1.0}', "NaN", "1.0 2.0"])("rejects %s", (text) => {
    expect(() => readJson(text)).toThrow(SyntaxError);
    expect(parseJson(text).error).not.toBeNull();
  });
  it("is indented", () => expect(indentJson('{"a":[1.0]}')).toBe('{\n  "a": [\n    1.0\n  ]\n}'));
  it.each(["", "a text", '{"a":1}\n{"a":2}\n', '{"a":'])("is not indented if it is another text: %j", (text) =>
    expect(indentJson(text)).toBe(text),
  );
});

describe("an exact number", () => {
  const value = readJson('{"a": 1e400, "b": [2.50]}');
  it("is no object", () => expect(isObject(numberOf("1.0"))).toBe(false));
  it("becomes a number of JavaScript to calculate with it", () => {
    expect(approximate(value)).toEqual({ a: Number.POSITIVE_INFINITY, b: [2.5] });
    expect(Number(numberOf("2.50")) > 2).toBe(true);
  });
  it("is found in a value", () => {
    expect([value, { a: [1] }, "1.0"].map(hasExactNumbers)).toEqual([true, false, false]);
  });
});
