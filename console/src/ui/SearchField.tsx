import { useEffect, useRef, useState } from "react";
import { SearchInput } from "@/ui/Field";
import { useKeys } from "@/ui/keys";

const TYPING_MILLIS = 200;

type Props = {
  /** The searched text, which is usually a parameter of the address. */
  value: string;
  label: string;
  placeholder?: string;
  /** The key that leads to the field, which shows it: `/` for the search of a list. */
  keyHint?: string;
  /** Its place in a toolbar. */
  className?: string | undefined;
  onChange: (value: string) => void;
};

/** A search that applies while the user types, but not at each key. */
export function SearchField({ value, label, placeholder = label, keyHint = "/", className, onChange }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  const latest = useRef(onChange);
  latest.current = onChange;
  if (shown !== value) {
    setShown(value);
    if (text.trim() !== value) setText(value); // the address has changed by other means
  }
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => latest.current(text.trim()), TYPING_MILLIS);
    return () => clearTimeout(timer);
  }, [text, value]);
  useKeys({ [keyHint]: () => input.current?.focus() });
  return (
    <SearchInput
      ref={input}
      aria-label={label}
      placeholder={placeholder}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => event.key === "Escape" && text === "" && event.currentTarget.blur()}
      keyHint={keyHint}
      className={className}
    />
  );
}
