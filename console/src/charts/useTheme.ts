import { useSyncExternalStore } from "react";
import { isDark, preferences } from "@/app/preferences";

const DARK = "(prefers-color-scheme: dark)";

/** The theme in force, for what is drawn with colors of its own. */
export function useTheme(): "dark" | "light" {
  return useSyncExternalStore(subscribe, isDark) ? "dark" : "light";
}

function subscribe(listener: () => void): () => void {
  const system = window.matchMedia(DARK);
  const stop = preferences.subscribe(listener);
  system.addEventListener("change", listener);
  return () => {
    stop();
    system.removeEventListener("change", listener);
  };
}
