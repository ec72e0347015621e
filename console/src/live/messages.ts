/** Reads server-sent events (WHATWG HTML, section "Server-sent events") from the body of a response. */

export type Message = { id: string; name: string; data: string };

const LINE_END = /\r\n|\n|\r/;

/** Splits text that arrives in pieces into messages. */
export class MessageParser {
  private rest = "";
  private id = "";
  private name = "";
  private data: string[] = [];

  /** The messages that this piece completes. */
  push(piece: string): Message[] {
    const text = this.rest + piece;
    // The other half of a "\r\n" may still be on its way.
    const end = text.endsWith("\r") ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(LINE_END);
    this.rest = (lines.pop() ?? "") + text.slice(end);
    return lines.flatMap((line) => this.line(line) ?? []);
  }

  private line(line: string): Message | null {
    if (line === "") return this.complete();
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "id") this.id = value;
    if (field === "event") this.name = value;
    if (field === "data") this.data.push(value);
    return null;
  }

  private complete(): Message | null {
    const message = { id: this.id, name: this.name || "message", data: this.data.join("\n") };
    const isEmpty = this.data.length === 0;
    this.name = "";
    this.data = [];
    return isEmpty ? null : message;
  }
}

/** Call `onMessage` for each message of a body, until it ends. `onBytes` also notices comments, which show that the server lives. */
export async function readMessages(
  body: ReadableStream<Uint8Array>,
  onMessage: (message: Message) => void,
  onBytes: () => void,
): Promise<void> {
  const parser = new MessageParser();
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    onBytes();
    for (const message of parser.push(piece.value)) onMessage(message);
  }
}
