/** Sends a request, and reads as much of the response as the page shows. */
import { Unreachable } from "@/api/errors";
import { indentJson } from "@/json/exact";

const MAX_BYTES = 200_000;

export type Received = {
  status: number;
  statusText: string;
  millis: number;
  headers: [name: string, value: string][];
  /** Null for a body that is not text. */
  text: string | null;
  bytes: number;
  /** Whether the body is longer than what was read. */
  isCut: boolean;
};

export type Sent = { method: string; target: string; headers: Record<string, string>; body: string | null };

/** Throws Unreachable. After an abort, it returns what was received until then. */
export async function send({ method, target, headers, body }: Sent, signal: AbortSignal): Promise<Received> {
  const start = performance.now();
  const response = await fetch(target, { method, headers, signal, ...(body ? { body } : {}) }).catch((error) => {
    if (signal.aborted) throw error;
    throw new Unreachable();
  });
  const millis = performance.now() - start;
  const { content, isCut } = await beginningOf(response);
  const isText = isTextual(response.headers.get("Content-Type") ?? "");
  return {
    status: response.status,
    statusText: response.statusText,
    millis,
    headers: [...response.headers].sort(([a], [b]) => a.localeCompare(b)),
    text: isText ? new TextDecoder().decode(content) : null,
    bytes: content.length,
    isCut,
  };
}

async function beginningOf(response: Response): Promise<{ content: Uint8Array; isCut: boolean }> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  try {
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      pieces.push(piece.value);
      bytes += piece.value.length;
      if (bytes < MAX_BYTES) continue;
      await reader?.cancel();
      return { content: joined(pieces, bytes), isCut: true };
    }
  } catch {
    return { content: joined(pieces, bytes), isCut: true }; // the user or the server ended it
  }
  return { content: joined(pieces, bytes), isCut: false };
}

function joined(pieces: Uint8Array[], bytes: number): Uint8Array {
  const content = new Uint8Array(bytes);
  let end = 0;
  for (const piece of pieces) {
    content.set(piece, end);
    end += piece.length;
  }
  return content;
}

function isTextual(contentType: string): boolean {
  return contentType === "" || /^text\/|json|xml|javascript|html|csv/.test(contentType);
}

/** JSON with indentation; all else as it is. */
export function pretty({ text, headers, isCut }: Received): string {
  const contentType = headers.find(([name]) => name === "content-type")?.[1] ?? "";
  return text === null || isCut || !contentType.includes("json") ? (text ?? "") : indentJson(text);
}
