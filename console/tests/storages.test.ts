import { describe, expect, test } from "vitest";
import { keyOfFile } from "@/api/fileKeys";
import type { Run } from "@/api/run";
import { amountOf, chargesOf, totalOf } from "@/pages/run/charges";
import { appendEntry } from "@/pages/run/timeline";
import { hostForm } from "@/pages/run/webServerAddress";
import { chosenColumns, columnsOf, findItems, joinNames, sizeColumns, viewsOf } from "@/storages/dataset/columns";
import { InvalidFile, inBatches, parseItems } from "@/storages/dataset/parseItems";
import { estimateSizes } from "@/storages/dataset/sizes";
import { previewOf } from "@/storages/store/preview";

const SCHEMA = {
  views: {
    pages: {
      title: "Pages",
      transformation: { fields: ["url", "depth"], unwind: "links" },
      display: { properties: { url: { label: "URL", format: "link" }, depth: { format: "sparkline" } } },
    },
    plain: {},
  },
};

describe("columns of items", () => {
  test("come from the view, with its labels and the formats that are known", () => {
    const [pages, plain] = viewsOf(SCHEMA);
    expect(pages).toMatchObject({ id: "pages", title: "Pages", isUnwound: true });
    expect(pages?.columns).toEqual([
      { field: "url", label: "URL", format: "link" },
      { field: "depth", label: "depth", format: null },
    ]);
    expect(plain).toMatchObject({ title: "plain", columns: [], isUnwound: false });
    expect(viewsOf(null)).toEqual([]);
  });

  test("without a view are all fields of the page", () => {
    const fields = columnsOf(null, [{ a: 1 }, { b: 2, a: 3 }]).map(({ field }) => field);
    expect(fields).toEqual(["a", "b"]);
  });

  test("are those that the address names, also with commas in names", () => {
    const all = columnsOf(null, [{ "a,b": 1, c: 2, d: 3 }]);
    expect(chosenColumns(all, joinNames(["a,b", "d"])).map(({ field }) => field)).toEqual(["a,b", "d"]);
    expect(chosenColumns(all, "%zz")).toEqual(all);
  });

  test("are where a text is found, in any case and in nested values", () => {
    const items = [{ a: "Ada" }, { a: { b: "ADA" } }, { a: 7 }];
    const columns = columnsOf(null, items);
    expect(findItems(items, columns, " ada ").map(([, index]) => index)).toEqual([0, 1]);
    expect(findItems(items, columns, "")).toHaveLength(3);
  });
});

test("the widest column without numbers grows", () => {
  const items = [{ n: 123_456_789_012, short: "a", long: "a longer text than the others" }];
  const { columns, width } = sizeColumns(columnsOf(null, items), items);
  expect(columns.map(({ grows }) => grows)).toEqual([false, false, true]);
  expect(columns.map(({ isNumber }) => isNumber)).toEqual([true, false, false]);
  expect(width).toBe(columns.reduce((sum, each) => sum + each.width, 0));
});

describe("sizes of exports", () => {
  test("grow with the number of items", () => {
    const items = [{ a: "x".repeat(100) }];
    const [few, many] = [estimateSizes(items, 1), estimateSizes(items, 1000)];
    expect(few?.json).toBe(JSON.stringify(items[0]).length + 2);
    expect((many?.jsonl ?? 0) / (few?.jsonl ?? 1)).toBe(1000);
  });

  test("are unknown without items", () => {
    expect(estimateSizes([], 5)).toBeNull();
  });
});

describe("items in files", () => {
  test("are the elements of a JSON array, or one object", () => {
    expect(parseItems("a.json", '[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(parseItems("a.json", '\uFEFF{"a":1}')).toEqual([{ a: 1 }]);
    expect(() => parseItems("a.json", "[1]")).toThrow("Element 1 of the file is not an object.");
  });

  test("are the lines of JSON Lines", () => {
    expect(parseItems("a.jsonl", '{"a":1}\r\n\n{"a":2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(() => parseItems("a.jsonl", '{"a":1}\n{')).toThrow(/^Line 2 is not valid JSON/);
  });

  test("are the rows of CSV, with quotes, commas and line breaks in values", () => {
    const text = 'name,note\r\nAda,"a ""quoted"", text\nof two lines"\r\nBob,\n';
    expect(parseItems("a.CSV", text)).toEqual([
      { name: "Ada", note: 'a "quoted", text\nof two lines' },
      { name: "Bob", note: "" },
    ]);
    expect(parseItems("a.csv", "a,b\n1,")).toEqual([{ a: "1", b: "" }]);
    expect(() => parseItems("a.csv", "a\n1,2")).toThrow("Row 2 has 2 values");
    expect(() => parseItems("a.csv", 'a\n"1"x\n')).toThrow(InvalidFile);
    expect(() => parseItems("a.csv", "a,a\n1,2")).toThrow("same name");
  });

  test("are sent in requests of a limited size", () => {
    expect(inBatches([])).toEqual([]);
    expect(inBatches(Array.from({ length: 2500 }, () => ({}))).map(({ length }) => length)).toEqual([1000, 1000, 500]);
    const big = { text: "x".repeat(1_500_000) };
    expect(inBatches([big, big, {}]).map(({ length }) => length)).toEqual([1, 2]);
  });
});

test("the preview of a record follows from its type and size", () => {
  const preview = (contentType: string, size: number | null = 10) => previewOf({ contentType, size });
  expect(preview("application/json; charset=utf-8")).toBe("json");
  expect(preview("application/ld+json")).toBe("json");
  expect(preview("text/html; charset=utf-8")).toBe("html");
  expect(preview("IMAGE/PNG", 50_000_000)).toBe("image");
  expect(preview("image/svg+xml")).toBe("image");
  expect(preview("text/csv")).toBe("text");
  expect(preview("text/csv", 50_000_000)).toBe("too-large");
  expect(preview("application/pdf")).toBe("none");
  expect(keyOfFile("My file (1).png")).toBe("My-file-(1).png");
});

test("the web server has an origin of its own, for each form of its address", () => {
  expect(hostForm("http://localhost:3333/greenroom/web/abc")).toBe("http://abc.runs.localhost:3333/");
  expect(hostForm("http://abc.runs.localhost:3333")).toBe("http://abc.runs.localhost:3333/");
});

test("an event adds an entry to the time line once", () => {
  const entry = (position: number) => ({ position, sentence: "" }) as never;
  const timeline = { entries: [entry(0), entry(1)], omitted: 0, isComplete: true };
  expect(appendEntry(timeline, { id: "run", position: 1 })).toBe(timeline);
  expect(appendEntry(timeline, { id: "run", position: 2 }).entries.at(-1)).toEqual({ position: 2 });
});

describe("charges", () => {
  const run = (fields: object) => fields as Run;
  const pricingInfo = {
    pricingModel: "PAY_PER_EVENT",
    pricingPerEvent: {
      actorChargeEvents: { page: { eventTitle: "Page", eventDescription: "", eventPriceUsd: 0.002 } },
    },
  };

  test("have the prices of the Actor", () => {
    const charges = chargesOf(run({ pricingInfo, chargedEventCounts: { page: 150 } })) ?? [];
    expect(charges.map(amountOf)).toEqual([0.3]);
    expect(totalOf(charges)).toBe(0.3);
  });

  test("have no total if the price of a charged event is not known", () => {
    const charges = chargesOf(run({ pricingInfo, chargedEventCounts: { page: 1, other: 2 } })) ?? [];
    expect(totalOf(charges)).toBeNull();
  });

  test("are null for an Actor that charges nothing", () => {
    expect(chargesOf(run({}))).toBeNull();
  });
});
