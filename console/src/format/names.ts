/** The name of an Actor without its owner's: `hello` of `local/hello`. */
export function withoutOwner(fullName: string): string {
  return fullName.slice(fullName.indexOf("/") + 1);
}
