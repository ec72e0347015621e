/** Under which keys files are stored, so that an upload replaces no record without the user's consent. */
import { keysWithPrefix } from "@/api/storeRecords";

/** The characters that the key of a record cannot have. */
const NOT_IN_KEY = /[^a-zA-Z0-9!\-_.'()]+/g;
const MAX_KEY = 256;
const MAX_NUMBER = 8;

/** The key of a file: its name, without what a key cannot have. */
export function keyOfFile(name: string): string {
  return name.replace(NOT_IN_KEY, "-").slice(-MAX_KEY);
}

/** The wanted key, or the first one with a number behind its name that neither a record nor another upload has. */
export async function freeKey(
  storeId: string,
  wanted: string,
  reserved: ReadonlySet<string> = new Set(),
): Promise<string> {
  const [, name = wanted, extension = ""] = /^(.+?)(\.[^.]{1,32})?$/.exec(wanted) ?? [];
  const base = name.slice(0, MAX_KEY - MAX_NUMBER - extension.length);
  const taken = await keysWithPrefix(storeId, base);
  let key = wanted;
  for (let number = 2; taken.has(key) || reserved.has(key); number++) key = `${base}-${number}${extension}`;
  return key;
}

export type Upload = {
  file: File;
  key: string;
  /** The key itself, or another one if a record has it already. */
  freeKey: string;
};

/** Where files would be stored. Files with the same key get different ones. */
export async function planUploads(storeId: string, files: readonly File[]): Promise<Upload[]> {
  const reserved = new Set<string>();
  const uploads: Upload[] = [];
  for (const file of files) {
    const wanted = keyOfFile(file.name);
    const free = await freeKey(storeId, wanted, reserved);
    const key = reserved.has(wanted) ? free : wanted;
    uploads.push({ file, key, freeKey: free });
    reserved.add(key).add(free);
  }
  return uploads;
}
