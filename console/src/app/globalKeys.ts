/** The keys that work on every page, and what the dialog of all keys shows. */
import { useNavigate } from "@tanstack/react-router";
import { type KeyMap, useKeys } from "@/ui/keys";
import { topBar } from "@/ui/Page";
import { createStore } from "@/ui/store";
import { PAGES } from "./navigation";
import { openPalette } from "./paletteState";
import { changePreferences, isDark, preferences } from "./preferences";

/** Whether the dialog of all keys is open. */
export const isKeysDialogOpen = createStore(false);

export function toggleTheme(): void {
  changePreferences({ theme: isDark() ? "light" : "dark" });
}

export function toggleSidebar(): void {
  changePreferences({ isSidebarNarrow: !preferences.get().isSidebarNarrow });
}

export function useGlobalKeys(): void {
  const navigate = useNavigate();
  const go = (href: string) => void navigate({ href });
  const pages: KeyMap = {};
  for (const { key, to } of PAGES) if (key) pages[`g ${key}`] = () => go(to);
  const leave = () => {
    const parent = topBar.get().crumbs.findLast(({ href }) => href !== undefined);
    if (!parent?.href) return false;
    go(parent.href);
  };
  useKeys({
    ...pages,
    "ctrl+k": () => openPalette(),
    "?": () => isKeysDialogOpen.set(true),
    "[": toggleSidebar,
    t: toggleTheme,
    escape: leave,
  });
}

/** All keys by what they concern. */
export const KEY_GROUPS: { title: string; keys: [keys: string[], effect: string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      [["Ctrl", "K"], "Jump to a run, Actor, storage, page or action"],
      [["?"], "Show all keys"],
      [["/"], "Search the list"],
      [["["], "Narrow or widen the sidebar"],
      [["t"], "Switch between the light and the dark theme"],
      [["Esc"], "Go back, or close what is open"],
    ],
  },
  { title: "Go to", keys: PAGES.flatMap(({ key, label }) => (key ? [[["g", key], label]] : [])) },
  {
    title: "Lists",
    keys: [
      [["j"], "Move down"],
      [["k"], "Move up"],
      [["x"], "Select the row"],
      [["Shift", "x"], "Select all rows up to this one"],
      [["Enter"], "Open the row"],
    ],
  },
  {
    title: "A run",
    keys: [
      [["1"], "Open the first tab, and so on up to 9"],
      [["f"], "Follow the log"],
      [["c"], "Show or hide the curves"],
      [["n"], "Go to the next match"],
      [["N"], "Go to the match before"],
      [["s"], "Start it again"],
      [["a"], "Abort it, after a confirmation"],
    ],
  },
];
