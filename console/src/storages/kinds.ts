/** The words and commands of the three kinds of storages. */
import type { StorageKind, StorageRecord } from "@/api/storageRecords";
import { plural } from "@/format/numbers";

type KindWords = {
  /** In the middle of a sentence. */
  word: string;
  title: string;
  titles: string;
  purpose: string;
  createCommand: string;
  emptyCommand: string;
};

export const KINDS: Record<StorageKind, KindWords> = {
  dataset: {
    word: "dataset",
    title: "Dataset",
    titles: "Datasets",
    purpose: "A dataset stores results as rows. Each run has one; a named one stays until you delete it.",
    createCommand: "apify datasets create my-results",
    emptyCommand: "greenroom storage import ./my-crawler",
  },
  "key-value-store": {
    word: "key-value store",
    title: "Key-value store",
    titles: "Key-value stores",
    purpose:
      "A key-value store stores files and JSON by name. Each run has one; a named one stays until you delete it.",
    createCommand: "apify key-value-stores create my-store",
    emptyCommand: "greenroom storage import ./my-crawler",
  },
  "request-queue": {
    word: "request queue",
    title: "Request queue",
    titles: "Request queues",
    purpose:
      "A request queue stores what a crawler has to visit. Each run has one; a named one stays until you delete it.",
    createCommand: 'apify api POST request-queues -p \'{"name": "my-queue"}\'',
    emptyCommand: "greenroom storage import ./my-crawler",
  },
};

/** How much a storage holds, in the unit of its kind; undefined for a store, whose records nothing counts. */
export function contentsOf({ itemCount, totalRequestCount }: StorageRecord): string | undefined {
  if (itemCount !== undefined) return plural(itemCount, "item");
  return totalRequestCount === undefined ? undefined : plural(totalRequestCount, "request");
}

export function nameOf({ name, id }: StorageRecord): string {
  return name || id;
}
