/** The operations of an OpenAPI document, and the requests that one can send to them. */
import type { DocumentedOperation, OpenApiDocument, Parameter, Schema } from "@/api/documents";
import { shellWord } from "@/start/copyAs";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

export type Operation = {
  /** `GET /v2/actors/{actor}`. */
  id: string;
  method: string;
  path: string;
  group: string;
  summary: string;
  description: string;
  parameters: Parameter[];
  body: { contentType: string; schema: Schema; description: string } | null;
  /** Whether it needs the operator of the server. */
  isOperators: boolean;
};

export type Values = Record<string, string>;

export function operationsOf({ paths, components }: OpenApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((name) => {
      const operation = item[name];
      return operation ? [operationOf(name.toUpperCase(), path, operation, components?.schemas ?? {})] : [];
    }),
  );
}

function operationOf(
  method: string,
  path: string,
  operation: DocumentedOperation,
  schemas: Record<string, Schema>,
): Operation {
  const [contentType, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  return {
    id: `${method} ${path}`,
    method,
    path,
    // Paths of the local controls have no tags.
    group: operation.tags?.[0] ?? path.split("/")[2]?.replace(/\.json$/, "") ?? "",
    summary: operation.summary ?? "",
    description: operation.description ?? "",
    parameters: operation.parameters ?? [],
    body:
      contentType === undefined
        ? null
        : {
            contentType,
            schema: resolved(media?.schema ?? {}, schemas),
            description: operation.requestBody?.description ?? "",
          },
    isOperators: operation.security?.some((each) => "controlToken" in each) ?? false,
  };
}

/** A schema without references, as deep as an example shows. */
function resolved(schema: Schema, schemas: Record<string, Schema>, depth = 0): Schema {
  const found = schema.$ref ? (schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}) : schema;
  if (depth > 6 || !found.properties) return found;
  const properties = Object.entries(found.properties).map(([name, each]) => [name, resolved(each, schemas, depth + 1)]);
  return { ...found, properties: Object.fromEntries(properties) };
}

/** The operations that have each word in their method, path or texts. */
export function matching(operations: readonly Operation[], search: string): Operation[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return operations.filter(({ id, group, summary, description }) => {
    const text = `${id} ${group} ${summary} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function grouped(operations: readonly Operation[]): [group: string, operations: Operation[]][] {
  const groups = new Map<string, Operation[]>();
  for (const each of operations) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}

/** The names of the parameters that must have a value and have none. */
export function missingOf({ parameters }: Operation, values: Values): string[] {
  return parameters.filter(({ name, required }) => required && !values[name]).map(({ name }) => name);
}

/** The path with its parameters and query. Parameters without a value are left out. */
export function targetOf({ path, parameters }: Operation, values: Values): string {
  const filled = path.replaceAll(/\{([^}]+)\}/g, (whole, name: string) =>
    values[name] ? encodeURIComponent(values[name]) : whole,
  );
  const query = new URLSearchParams(
    parameters.flatMap(({ name, in: place }): [string, string][] =>
      place === "query" && values[name] ? [[name, values[name]]] : [],
    ),
  ).toString();
  return query === "" ? filled : `${filled}?${query}`;
}

export function headersOf({ parameters, body }: Operation, values: Values, text: string): Record<string, string> {
  const own = parameters.flatMap(({ name, in: place }): [string, string][] =>
    place === "header" && values[name] ? [[name, values[name]]] : [],
  );
  return { ...Object.fromEntries(own), ...(body && text !== "" ? { "Content-Type": body.contentType } : {}) };
}

/** The request as a command, with a variable in place of the token. The session of the page is no part of it. */
export function curlOf(operation: Operation, values: Values, text: string, origin: string): string {
  const { method } = operation;
  const token = operation.isOperators ? "$GREENROOM_TOKEN" : "$APIFY_TOKEN";
  const verb = method === "GET" ? "" : method === "HEAD" ? "-I " : `-X ${method} `;
  const headers = Object.entries(headersOf(operation, values, text));
  return [
    `curl ${verb}${shellWord(`${origin}${targetOf(operation, values)}`)}`,
    `  -H "Authorization: Bearer ${token}"`,
    ...headers.map(([name, value]) => `  -H ${shellWord(`${name}: ${value}`)}`),
    ...(operation.body && text !== "" ? [`  --data-raw ${shellWord(text)}`] : []),
  ].join(" \\\n");
}

const DESTRUCTIVE_PATHS = /\/(?:shutdown|prune|abort|stop|reboot|metamorph|purge|migrate|clock)$/;

/** Whether a request deletes, replaces or ends something. */
export function isDestructive({ method, path }: Operation): boolean {
  return method === "DELETE" || method === "PUT" || (method === "POST" && DESTRUCTIVE_PATHS.test(path));
}

/** A body to begin with: required fields, and those with a default. */
export function exampleOf({ body }: Operation): string {
  if (body === null) return "";
  if (!body.contentType.includes("json")) return "";
  return JSON.stringify(exampleValue(body.schema), null, 2);
}

function exampleValue(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return schema.anyOf[0] ? exampleValue(schema.anyOf[0]) : null;
  switch (schema.type) {
    case "string":
      return "";
    case "integer":
    case "number":
      return 0;
    case "boolean":
      return false;
    case "array":
      return [];
    case "null":
      return null;
    default: {
      const required = schema.required ?? [];
      const fields = Object.entries(schema.properties ?? {}).filter(
        ([name, each]) => required.includes(name) || each.default !== undefined,
      );
      return Object.fromEntries(fields.map(([name, each]) => [name, exampleValue(each)]));
    }
  }
}
