import { describe, expect, it } from "vitest";
import type { BuildRecord } from "@/api/actors";
import { forContainers } from "@/api/uploads";
import { firstFile, textOfFile, treeOf } from "@/pages/actor/sourceTree";
import { placeOf } from "@/pages/actor/tabs";
import { defaultsOf, parseAmount, queryOf } from "@/start/options";
import { grantSentence, peaksSentence } from "@/start/peaks";

const GIB = 1024 ** 3;

function build(definition: object): BuildRecord {
  return { actorDefinition: definition } as unknown as BuildRecord;
}

describe("options", () => {
  it("become query parameters, webhooks in base64", () => {
    const webhooks = [{ eventTypes: ["ACTOR.RUN.FAILED"], requestUrl: "https://e.x/ž" }];
    const query = queryOf({ memoryMbytes: 512, timeoutSecs: 0, restartOnError: false, webhooks });
    expect(query).toMatchObject({ memory: "512", timeout: "0", restartOnError: "false" });
    expect(JSON.parse(Buffer.from(query.webhooks ?? "", "base64").toString())).toEqual(webhooks);
    expect(queryOf({ webhooks: [] })).toEqual({});
  });
  it.each([
    [{ defaultMemoryMbytes: 2048 }, 2048, "The build’s default is 2048"],
    [{ defaultMemoryMbytes: 2048, maxMemoryMbytes: 1024 }, 1024, "The build’s default is 1024"],
    [{ defaultMemoryMbytes: "512 * 2" }, null, "The build computes its default"],
    [{}, 256, "The Actor’s default is 256"],
    [{ minMemoryMbytes: 512 }, 512, "The Actor’s default is 512"],
  ])("of a build with %j", (definition, memory, origin) => {
    expect(defaultsOf({ memoryMbytes: 256 }, null, build(definition))).toMatchObject({
      memoryMbytes: memory,
      memoryOrigin: origin,
    });
  });
  it("reads amounts", () => {
    expect(["", "0", "900", "1.5", "x"].map((text) => parseAmount(text, true))).toEqual([
      undefined,
      0,
      900,
      null,
      null,
    ]);
    expect(["1.5", ".5", "-1"].map((text) => parseAmount(text, false))).toEqual([1.5, 0.5, null]);
  });
});

describe("the hint below the slider", () => {
  it("names the peaks of the latest runs", () => {
    const runs = [744, 871].map((size) => ({ memMaxBytes: size * 1024 ** 2, memoryMbytes: 1024 }));
    expect(peaksSentence(runs)).toBe("The last 2 runs at 1024 MB peaked at 744 to 871 MB.");
    expect(peaksSentence([{ memMaxBytes: GIB, memoryMbytes: 1024, memAtLimit: true }])).toBe(
      "The last run at 1024 MB peaked at ≥ 1024 MB.",
    );
    expect(peaksSentence([{ memMaxBytes: null, memoryMbytes: 128 }])).toBeNull();
  });
  it("names the memory that is left", () => {
    expect(grantSentence({ usedMbytes: 1792, limitMbytes: 8192 }, 1024)).toEqual({
      text: "You can still grant 6.25 GB.",
      isTooMuch: false,
    });
    expect(grantSentence({ usedMbytes: 6144, limitMbytes: 8192 }, 4096).text).toBe(
      "This run needs 4096 MB, and 2048 of 8192 MB are free. Abort a run or choose less memory.",
    );
  });
});

describe("addresses of an Actor", () => {
  it.each([
    [undefined, undefined, "", "start", null],
    [undefined, undefined, "/builds/0.0.1", "builds", "0.0.1"],
    ["builds", "0.0.1", "", "builds", "0.0.1"],
    ["input", undefined, "", "start", null],
    [undefined, undefined, "console", "start", null],
    ["saved-tasks", undefined, "", "saved-tasks", null],
    ["unknown", undefined, "", "start", null],
  ])("%s %s #%s is %s %s", (tab, item, hash, expected, expectedItem) => {
    expect(placeOf(tab, item, hash)).toEqual({ tab: expected, item: expectedItem });
  });
});

describe("source files", () => {
  const files = [{ name: "src/main.py", content: "x" }, { name: "Dockerfile" }, { name: ".actor", folder: true }];
  it("are a tree with folders first", () => {
    expect(treeOf(files).map(({ path, depth }) => `${depth} ${path}`)).toEqual([
      "0 .actor",
      "0 src",
      "1 src/main.py",
      "0 Dockerfile",
    ]);
    expect(firstFile(files)).toBe("src/main.py");
  });
  it("are shown if they are text", () => {
    expect(textOfFile({ name: "a", format: "BASE64", content: btoa("hello") })).toBe("hello");
    expect(textOfFile({ name: "a", format: "BASE64", content: btoa("\xff\xfe") })).toBeNull();
  });
});

it("an uploaded file has an address for containers", () => {
  expect(forContainers("http://localhost:3333/v2/x?signature=1")).toBe(
    "http://host.greenroom.internal:3333/v2/x?signature=1",
  );
});
