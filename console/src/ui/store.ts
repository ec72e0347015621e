/** A value outside React that components follow. */
import { useSyncExternalStore } from "react";

export type Store<T> = {
  get: () => T;
  set: (value: T) => void;
  subscribe: (listener: () => void) => () => void;
};

export function createStore<T>(initial: T): Store<T> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set: (value) => {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}

/** A part of a value. The component is drawn again only if this part changes, which has to be a primitive. */
export function useStorePart<T, Part extends string | number | boolean | null | undefined>(
  store: Store<T>,
  partOf: (value: T) => Part,
): Part {
  const part = () => partOf(store.get());
  return useSyncExternalStore(store.subscribe, part, part);
}
