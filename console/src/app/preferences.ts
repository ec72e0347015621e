/** What the user has chosen for this browser: theme, density, time zone, keys of one letter. */
import { setTimeZone } from "@/format/times";
import { enableSingleKeys } from "@/ui/keys";
import { createStore } from "@/ui/store";

export type Preferences = {
  theme: "system" | "light" | "dark";
  density: "compact" | "comfortable";
  /** A zone of the IANA database; null means that of the browser. */
  timeZone: string | null;
  hasKeys: boolean;
  isSidebarNarrow: boolean;
};

const KEY = "greenroom.preferences";
const DEFAULTS: Preferences = {
  theme: "system",
  density: "compact",
  timeZone: null,
  hasKeys: true,
  isSidebarNarrow: false,
};

export const preferences = createStore<Preferences>(read());

export function changePreferences(changes: Partial<Preferences>): void {
  preferences.set({ ...preferences.get(), ...changes });
  localStorage.setItem(KEY, JSON.stringify(preferences.get()));
  applyPreferences();
}

/** Put the preferences in force. For the shell, a script in index.html does the same before the first paint. */
export function applyPreferences(): void {
  const { theme, density, timeZone, hasKeys, isSidebarNarrow } = preferences.get();
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  root.dataset.density = density;
  root.dataset.narrow = String(isSidebarNarrow);
  setTimeZone(timeZone);
  enableSingleKeys(hasKeys);
}

export function isDark(): boolean {
  const { theme } = preferences.get();
  return theme === "system" ? window.matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
}

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return DEFAULTS; // another program has written to the key
  }
}

/** The value of a color token in the current theme, for canvases. */
export function resolveColor(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
