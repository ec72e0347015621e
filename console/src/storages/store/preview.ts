/** How a record is shown, from its content type and size. */

import type { RecordInfo } from "@/api/storeRecords";

type Preview = "json" | "text" | "image" | "html" | "none" | "too-large";

/** Larger texts would make the page slow, so that they are only downloaded. */
const MAX_TEXT = 4_000_000;
const TEXTS = /^(text\/|application\/(xml|javascript|x-sh|x-ndjson|jsonlines|yaml|toml)|[^;]*\+xml)/;

export function previewOf({ contentType, size }: RecordInfo): Preview {
  const type = contentType.toLowerCase();
  if (type.startsWith("image/")) return "image";
  if (type.startsWith("text/html") || type.startsWith("application/xhtml")) return "html";
  const isJson = /^(application\/json|[^;]*\+json)/.test(type);
  if (!isJson && !TEXTS.test(type)) return "none";
  if (size !== null && size > MAX_TEXT) return "too-large";
  return isJson ? "json" : "text";
}
