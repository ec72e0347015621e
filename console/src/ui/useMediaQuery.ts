import { useCallback, useSyncExternalStore } from "react";

/** Below this width a row of a table is two lines, and dialogs are sheets. */
export const NARROW = "(max-width: 767px)";

/** Whether a media query matches now. */
export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}
