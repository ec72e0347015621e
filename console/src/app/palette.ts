import { createStore } from "@/ui/store";

/** Whether the command palette (Ctrl K) is open. */
export const isPaletteOpen = createStore(false);

export function openPalette(): void {
  isPaletteOpen.set(true);
}
