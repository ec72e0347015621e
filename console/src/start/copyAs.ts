/** The run that a form would start, as a command or a program. */
import { ExactNumber, hasExactNumbers, type JsonObject } from "@/json/exact";
import { compactJson } from "./compactJson";
import { queryOf, type RunOptions } from "./options";

export const LANGUAGES = ["curl", "Python", "JavaScript", "apify", "greenroom"] as const;
export type Language = (typeof LANGUAGES)[number];

export type Order = {
  apiUrl: string;
  /** `username/name` of the Actor or task. */
  target: string;
  kind: "actor" | "task";
  options: RunOptions;
  /** Null if the task has the input itself. */
  input: JsonObject | null;
};

type Snippet = { text: string /** The options that the command cannot express. */; missing: string[] };

export function snippetOf(language: Language, order: Order): Snippet {
  switch (language) {
    case "curl":
      return { text: curl(order), missing: [] };
    case "Python":
      return {
        text: python(order),
        missing:
          order.kind === "actor" ? [] : [...missingOf(order.options, PYTHON_TASK_OPTIONS), ...missingDigits(order)],
      };
    case "JavaScript":
      return { text: javascript(order), missing: missingDigits(order) };
    case "apify":
      return { text: apify(order), missing: missingOf(order.options, APIFY_OPTIONS) };
    case "greenroom":
      return { text: greenroom(order), missing: missingOf(order.options, [...APIFY_OPTIONS, "permissionLevel"]) };
  }
}

/** One word of a POSIX shell. Words without special characters need no quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const APIFY_OPTIONS: (keyof RunOptions)[] = ["memoryMbytes", "timeoutSecs", "build"];
const PYTHON_TASK_OPTIONS: (keyof RunOptions)[] = [...APIFY_OPTIONS, "maxItems", "restartOnError", "webhooks"];

const OPTION_NAMES: Record<keyof RunOptions, string> = {
  memoryMbytes: "the memory",
  timeoutSecs: "the timeout",
  build: "the build",
  maxItems: "the maximum of items",
  maxTotalChargeUsd: "the maximum charge",
  permissionLevel: "the permissions",
  restartOnError: "restart on error",
  webhooks: "the webhooks",
};

function missingOf(options: RunOptions, known: (keyof RunOptions)[]): string[] {
  const set = (Object.keys(OPTION_NAMES) as (keyof RunOptions)[]).filter((name) => isSet(options[name]));
  return set.filter((name) => !known.includes(name)).map((name) => OPTION_NAMES[name]);
}

function isSet(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

function curl({ apiUrl, target, kind, options, input }: Order): string {
  const path = `${apiUrl}/v2/${kind === "actor" ? "actors" : "actor-tasks"}/${target.replace("/", "~")}/runs`;
  const query = new URLSearchParams(queryOf(options)).toString();
  const body = input && ["-H 'Content-Type: application/json'", `-d ${shellWord(compactJson(input))}`];
  return [
    `curl -X POST ${shellWord(query === "" ? path : `${path}?${query}`)}`,
    `-H "Authorization: Bearer $APIFY_TOKEN"`,
    ...(body ?? []),
  ].join(" \\\n  ");
}

/** The `apify` command has a task's input from the task itself. */
function apify({ target, kind, options, input }: Order): string {
  const words = [
    ...(options.memoryMbytes === undefined ? [] : [`--memory ${options.memoryMbytes}`]),
    ...(options.timeoutSecs === undefined ? [] : [`--timeout ${options.timeoutSecs}`]),
    ...(options.build === undefined ? [] : [`--build ${shellWord(options.build)}`]),
  ];
  if (kind === "task") return [`apify task run ${shellWord(target)}`, ...words].join(" \\\n  ");
  return [`apify call ${shellWord(target)}`, ...words, inputWord("--input", input)].join(" \\\n  ");
}

function greenroom({ target, options, input }: Order): string {
  const numbers = [
    ...(options.memoryMbytes === undefined ? [] : [`-m ${options.memoryMbytes}`]),
    ...(options.timeoutSecs === undefined ? [] : [`--timeout ${options.timeoutSecs}`]),
    ...(options.build === undefined ? [] : [`--build ${shellWord(options.build)}`]),
    ...(options.permissionLevel === undefined ? [] : [`--permission ${permissionWord(options.permissionLevel)}`]),
  ].join(" ");
  const words = [`greenroom call ${shellWord(target)}`, ...(numbers === "" ? [] : [numbers]), inputWord("-i", input)];
  return words.join(" \\\n  ");
}

function permissionWord(level: string): string {
  return level === "FULL_PERMISSIONS" ? "full" : "limited";
}

function inputWord(option: string, input: JsonObject | null): string {
  return indented(`${option} ${shellWord(compactJson(input ?? {}))}`, "  ");
}

/** Strings with line breaks have them escaped in JSON, so that indenting its lines changes no value. */
function indented(text: string, indent: string): string {
  return text.replaceAll("\n", `\n${indent}`);
}

function python(order: Order): string {
  const { options, kind } = order;
  const isActor = kind === "actor";
  const name = isActor ? "run_input" : "task_input";
  const charge = isActor ? options.maxTotalChargeUsd : undefined;
  const values: [string, string | undefined][] = [
    ["memory_mbytes", number(options.memoryMbytes)],
    ["run_timeout", options.timeoutSecs === undefined ? undefined : `timedelta(seconds=${options.timeoutSecs})`],
    ["build", options.build === undefined ? undefined : JSON.stringify(options.build)],
    ["max_items", number(options.maxItems)],
    ["max_total_charge_usd", charge === undefined ? undefined : `Decimal("${charge}")`],
    ["force_permission_level", options.permissionLevel && isActor ? `"${options.permissionLevel}"` : undefined],
    ["restart_on_error", options.restartOnError === undefined ? undefined : pythonLiteral(options.restartOnError)],
    ["webhooks", options.webhooks?.length ? indented(pythonLiteral(pythonWebhooks(options)), "    ") : undefined],
  ];
  const lines = values.flatMap(([name, value]) => (value === undefined ? [] : [`    ${name}=${value},`]));
  return [
    "import os",
    ...(options.timeoutSecs === undefined ? [] : ["from datetime import timedelta"]),
    ...(charge === undefined ? [] : ["from decimal import Decimal"]),
    "",
    "from apify_client import ApifyClient",
    "",
    `client = ApifyClient(os.environ["APIFY_TOKEN"], api_url=${JSON.stringify(order.apiUrl)})`,
    `run = client.${kind}(${JSON.stringify(order.target)}).call(`,
    ...(order.input === null ? [] : [`    ${name}=${indented(argument(order, pythonLiteral), "    ")},`]),
    ...(isText(order) ? ['    content_type="application/json",'] : []),
    ...lines,
    ")",
    "print(run.status, run.default_dataset_id)",
  ].join("\n");
}

function pythonWebhooks({ webhooks = [] }: RunOptions): JsonObject[] {
  return webhooks.map(({ eventTypes, requestUrl, payloadTemplate }) => ({
    event_types: eventTypes,
    request_url: requestUrl,
    ...(payloadTemplate === undefined ? {} : { payload_template: payloadTemplate }),
  }));
}

/** A value as Python writes it. Strings of JSON are strings of Python too, with the escapes of both. */
export function pythonLiteral(value: unknown, indent = ""): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value instanceof ExactNumber) return value.toString();
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}    `;
  const items = Array.isArray(value)
    ? value.map((each) => pythonLiteral(each, inner))
    : Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${pythonLiteral(each, inner)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((each) => `${inner}${each},`).join("\n")}\n${indent}${close}`;
}

function javascript(order: Order): string {
  const { options, kind } = order;
  const values: [string, unknown][] = [
    ["contentType", isText(order) ? "application/json" : undefined],
    ["memory", options.memoryMbytes],
    ["timeout", options.timeoutSecs],
    ["build", options.build],
    ["maxItems", options.maxItems],
    ["maxTotalChargeUsd", options.maxTotalChargeUsd],
    ["forcePermissionLevel", kind === "actor" ? options.permissionLevel : undefined],
    ["restartOnError", options.restartOnError],
    ["webhooks", options.webhooks?.length ? options.webhooks : undefined],
  ];
  const set = Object.fromEntries(values.filter(([, value]) => value !== undefined));
  const hasOptions = Object.keys(set).length > 0;
  const input = order.input === null ? (hasOptions ? "undefined" : "") : argument(order, compactJson);
  const last = hasOptions ? `, ${compactJson(set as JsonObject)}` : "";
  return [
    `import { ApifyClient } from "apify-client";`,
    "",
    `const client = new ApifyClient({ token: process.env.APIFY_TOKEN, baseUrl: ${JSON.stringify(order.apiUrl)} });`,
    `const run = await client.${kind}(${JSON.stringify(order.target)}).call(${input}${last});`,
    "console.log(run.status, run.defaultDatasetId);",
  ].join("\n");
}

/** Whether a program sends the input as a text, since its language would change a number in it. Tasks accept no text. */
function isText({ input, kind }: Order): boolean {
  return kind === "actor" && input !== null && hasExactNumbers(input);
}

/** The input as an expression of a program. */
function argument(order: Order, literal: (input: JsonObject) => string): string {
  const input = order.input ?? {};
  return isText(order) ? JSON.stringify(compactJson(input)) : literal(input);
}

/** What a program cannot express about the input of a task. */
function missingDigits({ input, kind }: Order): string[] {
  return kind === "task" && input !== null && hasExactNumbers(input) ? ["all digits of the input’s numbers"] : [];
}

function number(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
