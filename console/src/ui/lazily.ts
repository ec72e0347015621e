import { type ComponentType, lazy } from "react";

const ATTEMPTS = 4;
const PAUSE_MILLIS = 300;

/** A component that is a chunk of its own, fetched with patience. */
export function lazily<Props>(load: () => Promise<ComponentType<Props>>) {
  return lazy(async () => ({ default: await patiently(load) }));
}

/**
 * Try several times to fetch a chunk. Browsers end all requests when a network of the machine changes, as it does
 * whenever a container starts or stops.
 */
export async function patiently<T>(load: () => Promise<T>, attempt = 1): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (attempt === ATTEMPTS) throw error;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS * attempt));
    return patiently(load, attempt + 1);
  }
}
