import { createStore } from "@/ui/store";

/** What the command palette offers: everything, only Actors to start; null while it is closed. */
export type PaletteScope = "all" | "start" | null;

export const palette = createStore<PaletteScope>(null);

export function openPalette(scope: "all" | "start" = "all"): void {
  palette.set(scope);
}
