/** An edited text with the line breaks that it had before. Editors of browsers replace those of Windows. */
export function withLineBreaks(text: string, before: string): string {
  return before.includes("\r\n") ? text.replaceAll(/\r?\n/g, "\r\n") : text;
}
