/** The OpenAPI documents of this server, for the page that shows them. */
import { queryOptions } from "@tanstack/react-query";
import { request } from "@/api/client";

/** The parts of JSON Schema that the documents use. */
export type Schema = {
  $ref?: string;
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
};

export type Parameter = {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema: Schema;
};

export type DocumentedOperation = {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { description?: string; required?: boolean; content: Record<string, { schema?: Schema }> };
  security?: Record<string, unknown>[];
};

export type OpenApiDocument = {
  info: { title: string; description?: string; version: string };
  paths: Record<string, Record<string, DocumentedOperation>>;
  components?: { schemas?: Record<string, Schema> };
};

export const PATHS = { platform: "/greenroom/platform-openapi.json", local: "/greenroom/openapi.json" } as const;

export type DocumentName = keyof typeof PATHS;

export const documentQuery = (name: DocumentName) =>
  queryOptions({
    queryKey: ["openapi", name],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<OpenApiDocument> => (await request(PATHS[name], { signal })).json(),
  });
