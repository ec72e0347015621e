/** What an editor shows while the user types, and the value that it stands for. */
import { useState } from "react";
import type { Json } from "../schema";

export type Parsed = { value: Json | undefined; problem?: undefined } | { problem: string; value?: undefined };

export type DraftOptions<Draft> = {
  format: (value: Json | undefined) => Draft;
  parse: (draft: Draft) => Parsed;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  /** Called with the problem of a draft that stands for no value, and with null when it does again. */
  onProblem: (problem: string | null) => void;
};

/**
 * The draft of an editor. It stays as typed, such as `1.` for the number 1, until the value changes elsewhere.
 */
export function useDraft<Draft>({ format, parse, value, onChange, onProblem }: DraftOptions<Draft>) {
  const [draft, setDraft] = useState(() => format(value));
  const [sent, setSent] = useState(value);
  if (value !== sent) {
    setSent(value);
    setDraft(format(value));
  }
  const change = (next: Draft) => {
    setDraft(next);
    const parsed = parse(next);
    onProblem(parsed.problem ?? null);
    if (parsed.problem !== undefined) return;
    setSent(parsed.value);
    onChange(parsed.value);
  };
  return [draft, change] as const;
}
