import { type ComponentType, lazy } from "react";

const ATTEMPTS = 4;
const PAUSE_MILLIS = 300;

/**
 * A component that is a chunk of its own. Fetching it is tried several times: browsers end all requests when a network
 * of the machine changes, which each container does that starts or stops.
 */
export function lazily<Props>(load: () => Promise<ComponentType<Props>>) {
  return lazy(async () => ({ default: await patiently(load) }));
}

async function patiently<T>(load: () => Promise<T>, attempt = 1): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (attempt === ATTEMPTS) throw error;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS * attempt));
    return patiently(load, attempt + 1);
  }
}
