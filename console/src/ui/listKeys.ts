import type { RefObject } from "react";
import { useKeys } from "@/ui/keys";

/** `j` and `k` move the focus between the items of a list that match a selector. Enter then opens them. */
export function useListKeys(list: RefObject<HTMLElement | null>, items: string): void {
  const move = (step: number) => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>(items) ?? [])];
    const next = all.indexOf(document.activeElement as HTMLElement) + step;
    if (all.length === 0) return false;
    all[Math.min(Math.max(next, 0), all.length - 1)]?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
}
