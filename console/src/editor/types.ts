export type CodeLanguage = "json" | "javascript" | "python" | "text";

/** A position in a text for an error: line and column start at 1. */
export type CodeError = { message: string; line: number; column: number };

export type CodeEditorProps = {
  value: string;
  language: CodeLanguage;
  /** Names the editor for screen readers. */
  label: string;
  id?: string;
  onChange?: (value: string) => void;
  isReadOnly?: boolean;
  isInvalid?: boolean;
  /** Ids of the elements that describe the editor, such as its error. */
  describedBy?: string;
  /** Heights in pixels; content beyond the maximum scrolls. Without a maximum the editor grows with its content. */
  minHeight?: number;
  maxHeight?: number;
  hasLineNumbers?: boolean;
  /** Wraps long lines instead of scrolling sideways. */
  wraps?: boolean;
  /** Long code fills its container without a frame. */
  isBare?: boolean;
};

/** The language of a file, from its name. */
export function languageOf(name: string): CodeLanguage {
  const extension = name.toLowerCase().split(".").at(-1) ?? "";
  if (["json", "jsonl", "webmanifest"].includes(extension)) return "json";
  if (["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"].includes(extension)) return "javascript";
  return extension === "py" ? "python" : "text";
}
