// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readJson, writeJson } from "@/json/exact";
import { SchemaForm } from "@/schema-form/SchemaForm";
import type { FieldSchema, InputSchema } from "@/schema-form/schema";
import { useInputForm } from "@/schema-form/useInputForm";

vi.mock("@/editor/CodeEditor", () => ({
  CodeEditor: ({ label, value, onChange }: { label: string; value: string; onChange?: (text: string) => void }) => (
    <textarea aria-label={label} value={value} onChange={(event) => onChange?.(event.target.value)} />
  ),
}));

const PROBLEM = "The server rejects it";

/** `accepts` is the server: whether it accepts a value, from its JSON. */
type FormProps = { field: FieldSchema; first: string; accepts: (value: string) => boolean };

/** A form with one field, `f`. */
function OneField({ field, first, accepts }: FormProps) {
  const schema: InputSchema = { properties: { f: { title: "F", ...field } } };
  const input = readJson(`{"f":${first}}`) as Record<string, never>;
  const form = useInputForm(schema, input, "", async (given) =>
    accepts(writeJson(given.f ?? null)) ? null : { fields: { f: PROBLEM }, others: [] },
  );
  return (
    <>
      <SchemaForm form={form} schema={schema} />
      <textarea aria-label="JSON tab" value={form.text} onChange={(event) => form.setText(event.target.value)} />
      <output>{writeJson(form.input.f ?? null)}</output>
      <p data-testid="problem">{form.problems.fields.f}</p>
    </>
  );
}

/** Renders the field, and waits for the server's verdict. */
async function show(props: FormProps): Promise<void> {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <OneField {...props} />
    </QueryClientProvider>,
  );
  await validate();
}

async function validate(): Promise<void> {
  await act(() => vi.advanceTimersByTimeAsync(1_000));
}

const output = () => screen.getByRole("status").textContent;
const problem = () => screen.getByTestId("problem").textContent;
const type = (name: string | RegExp, text: string) =>
  fireEvent.change(screen.getByLabelText(name), { target: { value: text } });
const press = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));
const check = (name: string) => fireEvent.click(screen.getByRole("checkbox", { name }));
const choose = (name: string, option: string) => {
  fireEvent.focus(screen.getByRole("combobox", { name }));
  fireEvent.change(screen.getByRole("combobox", { name }), { target: { value: option } });
  fireEvent.click(within(screen.getByRole("listbox")).getAllByRole("option")[0] as HTMLElement);
};

beforeEach(() => {
  vi.useFakeTimers();
  Element.prototype.scrollIntoView = vi.fn();
  vi.stubGlobal("fetch", async () => Response.json({ data: { items: [], total: 0 } }));
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

type Case = {
  name: string;
  field: FieldSchema;
  /** JSON of the value that the form begins with. */
  first: string;
  /** Makes the value wrong, or a draft that stands for no value. */
  spoil: () => void;
  mend: () => void;
  /** JSON of the value after that. */
  last: string;
};

const text = (editor: string): Omit<Case, "name"> => ({
  field: { type: "string", editor },
  first: '"good"',
  spoil: () => type("F", "bad"),
  mend: () => type("F", "good one"),
  last: '"good one"',
});

const rows = (editor: string, first: string, last: string): Omit<Case, "name"> => ({
  field: { type: "array", editor },
  first,
  spoil: () => type("F, item 1", "bad"),
  mend: () => type("F, item 1", "good"),
  last,
});

const NUMBERS = '{"id":9007199254740993,"big":1e400,"one":1.0}';
const OTHER = '{"a":2.50}';

const CASES: Case[] = [
  { name: "textfield", ...text("textfield") },
  { name: "textfield with lines", ...text("textfield"), first: '"good\\nline"' },
  { name: "textarea", ...text("textarea") },
  {
    name: "textarea with the line breaks of Windows",
    ...text("textarea"),
    first: '"good\\r\\nline"',
    spoil: () => type("F", "bad\nline"),
    mend: () => type("F", "good\nlines"),
    last: '"good\\r\\nlines"',
  },
  { name: "javascript", ...text("javascript") },
  { name: "python", ...text("python") },
  {
    name: "number",
    field: { type: "number" },
    first: "9007199254740993",
    spoil: () => type("F", "abc"),
    mend: () => type("F", "9007199254740993"),
    last: "9007199254740993",
  },
  {
    name: "number that null replaces",
    field: { type: "integer", nullable: true },
    first: "5",
    spoil: () => type("F", "abc"),
    mend: () => check("Pass null as F"),
    last: "null",
  },
  {
    name: "number that gets its value back from the JSON tab",
    field: { type: "number" },
    first: "1.0",
    spoil: () => type("F", "1.5x"),
    mend: () => type("JSON tab", '{"f": 1.0}'),
    last: "1.0",
  },
  {
    name: "checkbox",
    field: { type: "boolean" },
    first: "true",
    spoil: () => check("F On"),
    mend: () => check("F Off"),
    last: "true",
  },
  {
    name: "select",
    field: { type: "string", editor: "select", enum: ["good", "bad"] },
    first: '"good"',
    spoil: () => type("F", "bad"),
    mend: () => type("F", "good"),
    last: '"good"',
  },
  {
    name: "multiselect",
    field: { type: "array", editor: "select", items: { type: "string", enumSuggestedValues: ["good", "bad"] } },
    first: '[1.0,"good"]',
    spoil: () => choose("F", "bad"),
    mend: () => press("Remove bad"),
    last: '[1.0,"good"]',
  },
  {
    name: "datepicker",
    field: { type: "string", editor: "datepicker", dateType: "absoluteOrRelative" },
    first: '"3 days"',
    spoil: () => type("F: how many", "x"),
    mend: () => type("F: how many", "4"),
    last: '"4 days"',
  },
  {
    name: "datepicker of another kind",
    field: { type: "string", editor: "datepicker", dateType: "absoluteOrRelative" },
    first: '"3 days"',
    spoil: () => type("F: how many", "x"),
    mend: () => press("Absolute"),
    last: "null",
  },
  {
    name: "json",
    field: { type: "object", editor: "json" },
    first: NUMBERS,
    spoil: () => type("F", "{"),
    mend: () => type("F", OTHER),
    last: OTHER,
  },
  {
    name: "nullable json of a list",
    field: { type: ["array", "null"], editor: "json", nullable: true },
    first: "[1.0,1e400]",
    spoil: () => type("F", "{}"),
    mend: () => check("Pass null as F"),
    last: "null",
  },
  {
    name: "json of an editor that is not known",
    field: { type: "object", editor: "colorWheel" },
    first: NUMBERS,
    spoil: () => type("F", "{"),
    mend: () => type("F", OTHER),
    last: OTHER,
  },
  {
    name: "requestListSources",
    ...rows(
      "requestListSources",
      `[{"url":"good"},{"method":"POST","url":"good2","userData":${NUMBERS}}]`,
      `[{"url":"good"},{"method":"POST","url":"good2","userData":${NUMBERS}}]`,
    ),
  },
  { name: "globs", ...rows("globs", '[{"glob":"good"},7.0]', '[{"glob":"good"},7.0]') },
  { name: "pseudoUrls", ...rows("pseudoUrls", '[{"purl":"good"}]', '[{"purl":"good"}]') },
  { name: "stringList", ...rows("stringList", '["good",""," x "]', '["good",""," x "]') },
  { name: "nullable stringList", ...rows("stringList", "null", '["good"]'), mend: () => type("F, item 1", "good") },
  {
    name: "keyValue",
    ...rows(
      "keyValue",
      '[{"key":"good","value":"v"},{"value":1.0,"key":"n"}]',
      '[{"key":"good","value":"v"},{"value":1.0,"key":"n"}]',
    ),
  },
  {
    name: "list whose wrong item is removed",
    ...rows("stringList", '["good","x"]', '["x"]'),
    mend: () => press("Remove F, item 1"),
  },
  {
    name: "schemaBased",
    field: {
      type: ["object", "null"],
      editor: "schemaBased",
      nullable: true,
      properties: { n: { type: "number", title: "N" }, m: { type: "number", title: "M" } },
    },
    first: '{"n":1.0,"m":2,"x":1e400}',
    spoil: () => {
      type("N", "a");
      type("M", "b");
    },
    mend: () => {
      type("N", "3.0");
      expect(problem()).not.toBe(""); // M is still wrong
      type("M", "4");
    },
    last: '{"n":3.0,"m":4,"x":1e400}',
  },
  {
    name: "schemaBased that null replaces",
    field: { type: "object", editor: "schemaBased", nullable: true, properties: { n: { type: "number", title: "N" } } },
    first: '{"n":1}',
    spoil: () => type("N", "a"),
    mend: () => check("Pass null as F"),
    last: "null",
  },
  {
    name: "list of objects whose wrong item is removed",
    field: {
      type: "array",
      editor: "schemaBased",
      items: { type: "object", properties: { n: { type: "number", title: "N" } } },
    },
    first: '[{"n":1.0},{"n":2.0}]',
    spoil: () => fireEvent.change(screen.getAllByLabelText("N")[0] as HTMLElement, { target: { value: "a" } }),
    mend: () => {
      press("Remove item 1 of F");
      expect(screen.getByLabelText("N")).toHaveProperty("value", "2.0");
    },
    last: '[{"n":2.0}]',
  },
  {
    name: "proxy",
    field: { type: "object", editor: "proxy" },
    first: '{"useApifyProxy":true,"x":1.0}',
    spoil: () => type("F: country", "CZ"),
    mend: () => type("F: country", ""),
    last: '{"useApifyProxy":true,"x":1.0}',
  },
  { name: "fileupload", ...text("fileupload") },
  {
    name: "filesupload",
    ...rows("fileupload", '["good","x"]', '["good","x"]'),
    spoil: () => type("F, file 1", "bad"),
    mend: () => type("F, file 1", "good"),
  },
  {
    name: "resource picker",
    field: { type: "string", resourceType: "dataset" },
    first: '"good"',
    spoil: () => press("Remove good"),
    mend: () => choose("F", "good2"),
    last: '"good2"',
  },
  {
    name: "resources picker",
    field: { type: "array", resourceType: "keyValueStore" },
    first: '["good"]',
    spoil: () => choose("F", "bad"),
    mend: () => press("Remove bad"),
    last: '["good"]',
  },
  {
    name: "hidden",
    field: { type: "object", editor: "hidden" },
    first: NUMBERS,
    spoil: () => type("JSON tab", '{"f": {"bad": true}}'),
    mend: () => type("JSON tab", `{"f": ${OTHER}}`),
    last: OTHER,
  },
  {
    name: "secret",
    field: { type: "string", editor: "textfield", isSecret: true },
    first: '"ENCRYPTED_VALUE:a:b"',
    spoil: () => {
      press("Replace F");
      type("F", "bad");
    },
    mend: () => press("Leave the stored value"),
    last: '"ENCRYPTED_VALUE:a:b"',
  },
  {
    name: "secret JSON",
    field: { type: "object", editor: "json", isSecret: true },
    first: '"ENCRYPTED_JSON:a:b"',
    spoil: () => {
      press("Replace F");
      type("F", "{");
    },
    mend: () => press("Leave the stored value"),
    last: '"ENCRYPTED_JSON:a:b"',
  },
];

describe.each(CASES)("the editor $name", ({ field, first, spoil, mend, last }) => {
  const accepts = (value: string) => value === last || !/bad|CZ|^(?:false|null)$/.test(value);

  it("sends the value that it got", async () => {
    await show({ field, first, accepts: () => true });
    expect([output(), problem()]).toEqual([first, ""]);
  });

  it("has no problem after the value is mended", async () => {
    await show({ field, first, accepts });
    spoil();
    await validate();
    expect(problem()).not.toBe("");
    mend();
    await validate();
    expect([problem(), output()]).toEqual(["", last]);
  });
});

describe("a section that is collapsed", () => {
  it("keeps what is not a value yet, with its problem", async () => {
    await show({ field: { type: "number", sectionCaption: "More" }, first: "1", accepts: () => true });
    type("F", "abc");
    press(/More/);
    expect(screen.getByText("1 field to correct")).toBeTruthy();
    press(/More/);
    expect(screen.getByLabelText("F")).toHaveProperty("value", "abc");
    type("F", "2");
    expect(problem()).toBe("");
  });
});
