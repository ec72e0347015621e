/** The files of a version as a tree. */

export type SourceFile = { name: string; folder?: boolean; format?: string; content?: string };

type TreeEntry = { path: string; name: string; depth: number; isFolder: boolean };

/** Folders first, then files, each by name. Files inside folders that are not listed have folders too. */
export function treeOf(files: readonly SourceFile[]): TreeEntry[] {
  const folders = new Set(files.filter(({ folder }) => folder).map(({ name }) => trimmed(name)));
  const names = files.filter(({ folder }) => !folder).map(({ name }) => trimmed(name));
  for (const name of [...names, ...folders]) for (const parent of parentsOf(name)) folders.add(parent);
  const entries = [...[...folders].map((path) => entryOf(path, true)), ...names.map((path) => entryOf(path, false))];
  return entries.sort(compare);
}

function trimmed(name: string): string {
  return name.replace(/^\.?\/+|\/+$/g, "");
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function entryOf(path: string, isFolder: boolean): TreeEntry {
  const parts = path.split("/");
  return { path, name: parts.at(-1) ?? path, depth: parts.length - 1, isFolder };
}

/** Order of a tree: at the first part that differs, folders come before files. */
function compare(a: TreeEntry, b: TreeEntry): number {
  const [left, right] = [a.path.split("/"), b.path.split("/")];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [one, other] = [left[index] ?? "", right[index] ?? ""];
    if (one === other) continue;
    const isOneFolder = index < left.length - 1 || a.isFolder;
    const isOtherFolder = index < right.length - 1 || b.isFolder;
    return isOneFolder === isOtherFolder ? one.localeCompare(other) : isOneFolder ? -1 : 1;
  }
  return left.length - right.length;
}

/** The text of a file, or null if it is not a text. */
export function textOfFile({ format, content = "" }: SourceFile): string | null {
  if (format !== "BASE64") return content;
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null; // an image or another file that is not text
  }
}

/** The file to show first: what starts the Actor, or a readme. */
export function firstFile(files: readonly SourceFile[]): string | null {
  const names = files.filter(({ folder }) => !folder).map(({ name }) => trimmed(name));
  const wanted = [/^(src\/)?(__main__|main)\.(py|js|ts|mjs)$/, /main\.\w+$/, /^[^/]+\.(py|js|ts)$/, /^readme\.md$/i];
  return wanted.flatMap((pattern) => names.filter((name) => pattern.test(name)))[0] ?? names[0] ?? null;
}

export function fileNamed(files: readonly SourceFile[], path: string): SourceFile | undefined {
  return files.find(({ name, folder }) => !folder && trimmed(name) === path);
}
