/** Input schemas of Actors, as builds contain them. Source: "Actor input schema specification" in Apify's documentation. */

import { approximate, isObject, type Json, type JsonObject, readJson } from "@/json/exact";

export type FieldSchema = {
  type?: string | string[];
  title?: string;
  description?: string;
  editor?: string;
  default?: Json;
  prefill?: Json;
  example?: Json;
  nullable?: boolean;
  isSecret?: boolean;
  sectionCaption?: string;
  sectionDescription?: string;
  groupCaption?: string;
  groupDescription?: string;
  unit?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  enum?: string[];
  enumTitles?: string[];
  enumSuggestedValues?: string[];
  dateType?: "absolute" | "relative" | "absoluteOrRelative";
  placeholderKey?: string;
  placeholderValue?: string;
  resourceType?: string;
  items?: FieldSchema;
  properties?: Record<string, FieldSchema>;
  required?: string[];
  errorMessage?: Record<string, string>;
};

export type InputSchema = FieldSchema & { properties: Record<string, FieldSchema> };

const KNOWN_EDITORS = [
  ...["textfield", "textarea", "number", "checkbox", "select", "multiselect", "datepicker", "javascript", "python"],
  ...["json", "requestListSources", "globs", "pseudoUrls", "keyValue", "stringList", "schemaBased", "proxy"],
  ...["fileupload", "filesupload", "resourcePicker", "resourcesPicker", "hidden", "unknown"],
] as const;

export type EditorKind = (typeof KNOWN_EDITORS)[number];

const RESOURCES = ["dataset", "keyValueStore", "requestQueue"];

/** Which editor shows a field. A field without an editor gets that of its type. */
export function editorOf(field: FieldSchema): EditorKind {
  const { editor } = field;
  const isArray = typeOf(field) === "array";
  if (editor === "hidden") return "hidden";
  if (field.resourceType !== undefined && (editor === undefined || editor === "resourcePicker")) {
    if (!RESOURCES.includes(field.resourceType)) return "unknown";
    return isArray ? "resourcesPicker" : "resourcePicker";
  }
  if (editor === "select") return selectOf(field, isArray);
  if (editor === "fileupload") return isArray ? "filesupload" : "fileupload";
  if (editor === undefined) return editorOfType(field);
  return KNOWN_EDITORS.find((each) => each === editor) ?? "unknown";
}

function selectOf(field: FieldSchema, isArray: boolean): EditorKind {
  if (isArray) return field.items?.enum || field.items?.enumSuggestedValues ? "multiselect" : "stringList";
  return "select";
}

function editorOfType(field: FieldSchema): EditorKind {
  switch (typeOf(field)) {
    case "string":
      return field.enum || field.enumSuggestedValues ? "select" : "textfield";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "checkbox";
    case "object":
      return field.properties ? "schemaBased" : "json";
    case "array":
      return "json";
    default:
      return "unknown";
  }
}

/** The type of a field's values; `undefined` if it has several. */
export function typeOf(field: FieldSchema): string | undefined {
  const types = (Array.isArray(field.type) ? field.type : [field.type]).filter((each) => each !== "null");
  return types.length === 1 ? types[0] : undefined;
}

export type NamedField = { name: string; field: FieldSchema };

export type Section = { caption: string | null; description: string | null; fields: NamedField[] };

/** The visible fields, in sections. A field with a caption begins a section, which ends before the next such field. */
export function sectionsOf(schema: InputSchema): Section[] {
  const sections: Section[] = [{ caption: null, description: null, fields: [] }];
  for (const [name, field] of Object.entries(schema.properties)) {
    if (field.sectionCaption) {
      sections.push({ caption: field.sectionCaption, description: field.sectionDescription ?? null, fields: [] });
    }
    if (editorOf(field) !== "hidden") sections.at(-1)?.fields.push({ name, field });
  }
  return sections.filter(({ fields }) => fields.length > 0);
}

/** What the form begins with: the prefilled values, and the defaults of all other fields. */
export function initialInput(schema: InputSchema | null): JsonObject {
  const entries = Object.entries(schema?.properties ?? {}).flatMap(([name, field]): [string, Json][] => {
    const value = field.prefill ?? field.default;
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

export function titleOf({ name, field }: NamedField): string {
  return field.title || name;
}

/** The schema in a build, or null if it has none that the form can use. */
function asInputSchema(value: unknown): InputSchema | null {
  return isObject(value) && isObject(value.properties) ? (fieldSchemaOf(value) as InputSchema) : null;
}

/** What becomes a value of the input has exact numbers; the numbers of other keywords, such as a maximum, are compared. */
const VALUES = ["default", "prefill", "example"];

function fieldSchemaOf(schema: JsonObject): FieldSchema {
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (VALUES.includes(keyword)) return [keyword, value];
    if (keyword === "properties" && isObject(value)) return [keyword, fieldSchemasOf(value)];
    return [keyword, keyword === "items" && isObject(value) ? fieldSchemaOf(value) : approximate(value)];
  });
  return Object.fromEntries(entries);
}

function fieldSchemasOf(schemas: JsonObject): Record<string, FieldSchema> {
  const fields = Object.entries(schemas).filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
  return Object.fromEntries(fields.map(([name, schema]) => [name, fieldSchemaOf(schema)]));
}

/** The input schema of a build: in its definition, or as a text if the build has no actor.json. */
export function inputSchemaOf(build: { actorDefinition?: unknown; inputSchema?: string | null }): InputSchema | null {
  const definition = build.actorDefinition;
  if (isObject(definition) && definition.input !== undefined) return asInputSchema(definition.input);
  return build.inputSchema ? asInputSchema(readJson(build.inputSchema)) : null;
}

const ENCRYPTED = /^ENCRYPTED_(?:VALUE|JSON):/;

/** Whether a value of a secret field is stored encrypted, so that nobody can read it here. */
export function isEncrypted(value: Json | undefined): boolean {
  return typeof value === "string" && ENCRYPTED.test(value);
}

/** An input to show, with dots in place of its secrets. */
export function maskedInput(schema: InputSchema | null, input: JsonObject): JsonObject {
  const entries = Object.entries(input).map(([name, value]): [string, Json] => {
    const isReadable = schema?.properties[name]?.isSecret && !isEncrypted(value);
    return [name, isReadable ? "••••••" : value];
  });
  return Object.fromEntries(entries);
}

/** A description without its HTML: descriptions may contain tags, but a document of this page must not. */
export function plainText(html: string): string {
  if (!/[<&]/.test(html)) return html;
  const text = html.replace(/<br\s*\/?>|<\/(?:p|li|div)>/gi, "\n");
  return (new DOMParser().parseFromString(text, "text/html").body.textContent ?? "").replace(/\n+/g, "\n").trim();
}
