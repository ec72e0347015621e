import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { NARROW } from "@/ui/useMediaQuery";
import { LEVELS, type Level } from "./search";

const WRAP_KEY = "greenroom.log.wrap";

/** What the address says about the log: the searched text, the levels and the marked line (from 1 on, as it is shown). */
export function useLogAddress() {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const set = useCallback(
    (changes: Record<string, unknown>) =>
      void navigate({ to: ".", search: (before: object) => ({ ...before, ...changes }), hash: true, replace: true }),
    [navigate],
  );
  const levels = useMemo(
    () =>
      LEVELS.filter((level) =>
        String(search.levels ?? "")
          .split(",")
          .includes(level),
      ),
    [search.levels],
  );
  const [isWrapped, setWrapped] = useState(
    () => (localStorage.getItem(WRAP_KEY) ?? String(window.matchMedia(NARROW).matches)) === "true",
  );
  const toggleWrap = () => {
    localStorage.setItem(WRAP_KEY, String(!isWrapped));
    setWrapped(!isWrapped);
  };
  return {
    text: search.find === undefined ? "" : String(search.find),
    setText: (text: string) => set({ find: text || undefined }),
    levels,
    setLevels: (chosen: Level[]) => set({ levels: chosen.join() || undefined }),
    line: typeof search.line === "number" ? search.line - 1 : null,
    setLine: useCallback((number: number) => set({ line: number + 1 }), [set]),
    isWrapped,
    toggleWrap,
  };
}
