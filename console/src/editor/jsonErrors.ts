import { type Json, readJson } from "@/json/exact";
import type { CodeError } from "./types";

/** The value of a JSON text, or the first error with its place. */
type ParsedJson = { value: Json; error: null } | { value: undefined; error: CodeError };

/**
 * Parse JSON, with exact numbers. JavaScript engines word errors differently and leave out the place of some, so that the place comes from
 * a scanner of our own, and only the verdict from the parser.
 */
export function parseJson(text: string): ParsedJson {
  try {
    return { value: readJson(text), error: null };
  } catch {
    return { value: undefined, error: new Scanner(text).firstError() };
  }
}

class Mistake extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

const SPACE = /[ \t\n\r]/;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const LITERALS = ["true", "false", "null"];
const ESCAPE = /["\\/bfnrt]|u[\da-fA-F]{4}/y;

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  firstError(): CodeError {
    try {
      this.value();
      this.skipSpace();
      if (this.at < this.text.length)
        throw new Mistake(`Unexpected ${this.found()} after the end of the value`, this.at);
    } catch (error) {
      if (error instanceof Mistake) return placed(this.text, error);
      throw error;
    }
    return placed(this.text, new Mistake("The text is not valid JSON", this.at));
  }

  private value(): void {
    this.skipSpace();
    const character = this.text[this.at];
    if (character === "{") this.list("}", () => this.property());
    else if (character === "[") this.list("]", () => this.value());
    else if (character === '"') this.string();
    else if (!this.matches(NUMBER)) this.literal();
  }

  private list(end: string, element: () => void): void {
    this.at++;
    this.skipSpace();
    if (this.skip(end)) return;
    for (;;) {
      element();
      this.skipSpace();
      if (this.skip(end)) return;
      if (!this.skip(",")) throw new Mistake(`Expected a comma or ${end} instead of ${this.found()}`, this.at);
      const comma = this.at - 1;
      this.skipSpace();
      if (this.text[this.at] === end) throw new Mistake(`Remove the comma before ${end}`, comma);
    }
  }

  private property(): void {
    this.skipSpace();
    if (this.text[this.at] !== '"') {
      throw new Mistake(`Expected a name in double quotes instead of ${this.found()}`, this.at);
    }
    this.string();
    this.skipSpace();
    if (!this.skip(":")) throw new Mistake(`Expected a colon instead of ${this.found()}`, this.at);
    this.value();
  }

  private string(): void {
    const start = this.at++;
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined || character === "\n") throw new Mistake("A string has no closing quote", start);
      if (character < " ") throw new Mistake("A string contains a control character, which needs an escape", this.at);
      this.at++;
      if (character === '"') return;
      if (character === "\\" && !this.matches(ESCAPE))
        throw new Mistake("A string contains an invalid escape", this.at - 1);
    }
  }

  private literal(): void {
    const start = this.at;
    if (this.matches(WORD)) {
      const word = this.text.slice(start, this.at);
      if (LITERALS.includes(word)) return;
      throw new Mistake(`Unexpected ${word}; text needs double quotes`, start);
    }
    throw new Mistake(`Expected a value instead of ${this.found()}`, start);
  }

  private matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at += match[0].length;
    return match !== null;
  }

  private skip(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    while (SPACE.test(this.text[this.at] ?? "")) this.at++;
  }

  private found(): string {
    const character = this.text[this.at];
    return character === undefined ? "the end of the text" : character;
  }
}

function placed(text: string, { message, at }: Mistake): CodeError {
  const before = text.slice(0, at).split("\n");
  return { message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
