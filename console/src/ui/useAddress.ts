/** Query parameters of the address as text, for views, filters and pages. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type AddressChanges = Record<string, string | undefined>;

type Address = {
  get: (name: string) => string;
  /** Set parameters; an empty one is removed. `isStep` makes the browser's Back return to the state before. */
  change: (changes: AddressChanges, isStep?: boolean) => void;
};

export function useAddress(): Address {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (changes: AddressChanges, isStep = false) => {
      const next = (old: Record<string, unknown>) =>
        Object.fromEntries(
          Object.entries({ ...old, ...changes }).filter(([, value]) => value !== undefined && value !== ""),
        );
      void navigate({ to: ".", search: next as never, hash: true, replace: !isStep, resetScroll: false });
    },
    [navigate],
  );
  return { get: (name) => (search[name] === undefined ? "" : String(search[name])), change };
}
