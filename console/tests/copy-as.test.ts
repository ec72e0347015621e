import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { compactJson } from "@/start/compactJson";
import { LANGUAGES, type Order, pythonLiteral, shellWord, snippetOf } from "@/start/copyAs";

const AWKWARD = {
  quote: `it's "quoted"`,
  dollar: "$HOME `id` $(id) \\ \\n !x",
  lines: "one\n  two\ttab",
  unicode: "žluťoučký 🐎 \u2028",
  nested: { list: [1, -2.5, true, null, "'"], empty: {}, none: [] },
};

const ORDER: Order = {
  apiUrl: "http://localhost:3333",
  target: "local/shop-crawler",
  kind: "actor",
  input: AWKWARD,
  options: { memoryMbytes: 1024, timeoutSecs: 900, build: "latest" },
};

/** The words that a POSIX shell passes to a command. */
function wordsOf(command: string, name: string): string[] {
  const script = `${name}() { for word; do printf '%s\\0' "$word"; done; }\n${command}`;
  return execFileSync("/bin/sh", ["-c", script], { env: { APIFY_TOKEN: "t" } })
    .toString()
    .split("\0")
    .slice(0, -1);
}

describe("a shell word", () => {
  it.each(["", "plain", "it's", `"`, "a b", "$(rm -rf ~)", "`id`", "\\", "!!", "a\nb", "*", "~", "-x", "''"])(
    "%j arrives unchanged",
    (text) => expect(wordsOf(`show ${shellWord(text)}`, "show")).toEqual([text]),
  );
});

describe("copy as", () => {
  it("curl sends the input unchanged, with the options in the query", () => {
    const words = wordsOf(snippetOf("curl", ORDER).text, "curl");
    expect(words.slice(0, 3)).toEqual([
      "-X",
      "POST",
      "http://localhost:3333/v2/actors/local~shop-crawler/runs?memory=1024&timeout=900&build=latest",
    ]);
    expect(words).toContain("Authorization: Bearer t");
    expect(JSON.parse(words.at(-1) ?? "")).toEqual(AWKWARD);
  });

  it.each([
    ["apify", ["call", "local/shop-crawler", "--memory", "1024", "--timeout", "900", "--build", "latest", "--input"]],
    ["greenroom", ["call", "local/shop-crawler", "-m", "1024", "--timeout", "900", "--build", "latest", "-i"]],
  ] as const)("%s passes the input unchanged", (language, expected) => {
    const words = wordsOf(snippetOf(language, ORDER).text, language);
    expect(words.slice(0, -1)).toEqual(expected);
    expect(JSON.parse(words.at(-1) ?? "")).toEqual(AWKWARD);
  });

  it("JavaScript is an expression with the same input", () => {
    const { text } = snippetOf("JavaScript", ORDER);
    const source = /\.call\((.*)\);\nconsole/s.exec(text)?.[1] ?? "";
    expect(new Function(`return [${source}]`)()).toEqual([AWKWARD, { memory: 1024, timeout: 900, build: "latest" }]);
  });

  it("Python has the same input and options", () => {
    const { text } = snippetOf("Python", { ...ORDER, options: { ...ORDER.options, maxTotalChargeUsd: 1.5 } });
    const stub = [
      "import json, sys, types",
      "class Run: status = 'SUCCEEDED'; default_dataset_id = 'd'",
      "class Actor:",
      "    def call(self, **options): sys.stderr.write(json.dumps(options, default=str)); return Run()",
      "module = types.ModuleType('apify_client')",
      "module.ApifyClient = lambda token, api_url: types.SimpleNamespace(actor=lambda name: Actor())",
      "sys.modules['apify_client'] = module",
      "sys.stderr = open(1, 'w', closefd=False)",
      "sys.stdout = open('/dev/null', 'w')",
    ].join("\n");
    const output = execFileSync("python3", ["-c", `${stub}\n${text}`], { env: { APIFY_TOKEN: "t" } }).toString();
    expect(JSON.parse(output)).toEqual({
      run_input: AWKWARD,
      memory_mbytes: 1024,
      run_timeout: "0:15:00",
      build: "latest",
      max_total_charge_usd: "1.5",
    });
  });

  it("names the options that a command cannot express", () => {
    const options = { maxTotalChargeUsd: 2, restartOnError: true, permissionLevel: "FULL_PERMISSIONS" as const };
    const missing = LANGUAGES.map((language) => snippetOf(language, { ...ORDER, options }).missing.length);
    expect(missing).toEqual([0, 0, 0, 3, 2]);
    expect(snippetOf("greenroom", { ...ORDER, options }).text).toContain("--permission full");
  });

  it("starts tasks with the commands for tasks", () => {
    const task: Order = { ...ORDER, kind: "task", target: "local/nightly" };
    expect(snippetOf("apify", task).text).toMatch(/^apify task run local\/nightly/);
    expect(snippetOf("curl", task).text).toContain("/v2/actor-tasks/local~nightly/runs");
    expect(snippetOf("Python", task).text).toContain("task_input=");
    const stored: Order = { ...task, input: null, options: {} };
    expect(snippetOf("curl", stored).text).not.toContain("-d");
    expect(snippetOf("JavaScript", stored).text).toContain('client.task("local/nightly").call();');
  });
});

it("writes Python's own words for JSON's", () => {
  expect(pythonLiteral({ a: true, b: null, c: [] })).toBe('{\n    "a": True,\n    "b": None,\n    "c": [],\n}');
});

it("writes short objects in one line", () => {
  const urls = { startUrls: [{ url: "https://shop.example.com/garden" }, { url: "https://shop.example.com/tools" }] };
  expect(compactJson(urls).split("\n")).toEqual([
    "{",
    '  "startUrls": [',
    '    {"url": "https://shop.example.com/garden"},',
    '    {"url": "https://shop.example.com/tools"}',
    "  ]",
    "}",
  ]);
  expect(compactJson({})).toBe("{}");
});
