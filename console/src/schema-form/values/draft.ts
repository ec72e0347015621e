/** What an editor shows while the user types, and the value that it stands for. */
import { useState } from "react";
import type { Json } from "@/json/exact";

export type Parsed = { value: Json | undefined; problem?: undefined } | { problem: string; value?: undefined };

type DraftOptions<Draft> = {
  format: (value: Json | undefined) => Draft;
  parse: (draft: Draft) => Parsed;
  value: Json | undefined;
  /** Called with each value, which ends the problem of the draft before it. */
  onChange: (value: Json | undefined) => void;
  /** Called with the problem of a draft that stands for no value. */
  onProblem: (problem: string) => void;
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
    if (parsed.problem !== undefined) return onProblem(parsed.problem);
    setSent(parsed.value);
    onChange(parsed.value);
  };
  return [draft, change] as const;
}
