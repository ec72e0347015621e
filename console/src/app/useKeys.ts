import { type KeyMap, useKeys as useNamedKeys } from "@/ui/keys";

/** What single keys do on a page, such as `f`, `Shift n` or `?`. */
export type Keys = Record<string, (() => void) | undefined>;

/** Listen to single keys while the component is mounted. They are off in fields and dialogs, and if the user wants none. */
export function useKeys(keys: Keys): void {
  const map: KeyMap = {};
  for (const [name, act] of Object.entries(keys)) if (act) map[name.replace(" ", "+").toLowerCase()] = act;
  useNamedKeys(map);
}
