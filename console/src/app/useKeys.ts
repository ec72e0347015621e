import { useEffect, useRef } from "react";
import { preferences } from "./preferences";

/** What single keys do on a page, such as `f`, `Shift n` or `?`. */
export type Keys = Record<string, (() => void) | undefined>;

/** Listen to single keys while the component is mounted. They are off in fields and dialogs, and if the user wants none. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!preferences.get().hasKeys || event.defaultPrevented || hasModifier(event) || isElsewhere(event)) return;
      const act = latest.current[nameOf(event)];
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

function nameOf({ key, shiftKey }: KeyboardEvent): string {
  return shiftKey && /^[a-z]$/i.test(key) ? `Shift ${key.toLowerCase()}` : key;
}

function hasModifier(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey;
}

function isElsewhere(event: KeyboardEvent): boolean {
  const { target } = event;
  return (
    target instanceof Element &&
    target.closest("input, textarea, select, [contenteditable=true], [role=dialog], [role=menu]") !== null
  );
}
