/** Keyboard shortcuts. Those of a mounted component that was mounted later come first. */
import { useEffect, useRef } from "react";

/**
 * What keys do, by name: `j`, `?`, `shift+x`, `ctrl+k` (also ⌘), `g r` (one after the other), `escape`.
 * A function that returns false leaves the key to others.
 */
export type KeyMap = Record<string, (event: KeyboardEvent) => unknown>;

const SEQUENCE_MILLIS = 1_500;

const maps: { current: KeyMap }[] = [];
let first: { key: string; at: number } | null = null;
let areSingleKeysOn = true;

/** Whether keys without Ctrl do something, which a preference decides. */
export function enableSingleKeys(isOn: boolean): void {
  areSingleKeysOn = isOn;
}

export function useKeys(map: KeyMap): void {
  const latest = useRef(map);
  latest.current = map;
  useEffect(() => {
    if (maps.length === 0) document.addEventListener("keydown", press);
    maps.push(latest);
    return () => {
      maps.splice(maps.indexOf(latest), 1);
      if (maps.length === 0) document.removeEventListener("keydown", press);
    };
  }, []);
}

/** Keys that act again while they are held. A held `s` must not start a run again and again. */
const REPEATED: ReadonlySet<string> = new Set(["j", "k", "n", "shift+n", "arrowup", "arrowdown"]);

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const name = nameOf(event);
  if (event.repeat && !REPEATED.has(name)) return;
  const isSingle = !name.startsWith("ctrl+");
  if (isSingle && (isInField(event) || isInDialog(event))) return;
  if (isSingle && name !== "escape" && !areSingleKeysOn) return;
  const isSecond = first !== null && event.timeStamp - first.at < SEQUENCE_MILLIS;
  const isDone = (isSecond && run(event, `${first?.key} ${name}`)) || run(event, name);
  first = isDone ? null : { key: name, at: event.timeStamp };
  if (isDone) event.preventDefault();
}

/** Whether a component has used the key. */
function run(event: KeyboardEvent, name: string): boolean {
  return [...maps].reverse().some(({ current }) => name in current && current[name]?.(event) !== false);
}

function nameOf(event: KeyboardEvent): string {
  const isLetter = /^[a-z]$/i.test(event.key);
  const key = event.key.toLowerCase();
  const shift = event.shiftKey && isLetter ? "shift+" : "";
  return (event.ctrlKey || event.metaKey ? "ctrl+" : "") + shift + key;
}

/** In a field the keys write, but for those that only checkboxes and buttons have. */
function isInField({ target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const isText = target.matches("input:not([type=checkbox], [type=radio], [type=range]), textarea, select");
  return isText || target.isContentEditable;
}

function isInDialog({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.closest("[role=dialog], [role=menu], [role=listbox]") !== null;
}
