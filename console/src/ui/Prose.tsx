type Part = { text: string; isCode: boolean };

/** A text of the server with what it has in backticks as code. */
export function Prose({ text }: { text: string }) {
  return partsOf(text).map((part, index) => {
    const key = `${index}-${part.text}`;
    return part.isCode ? <code key={key}>{part.text}</code> : part.text;
  });
}

export function partsOf(text: string): Part[] {
  const parts = text.split(/(`[^`]+`)/).filter((part) => part !== "");
  return parts.map((part) =>
    part.startsWith("`") && part.endsWith("`") && part.length > 2
      ? { text: part.slice(1, -1), isCode: true }
      : { text: part, isCode: false },
  );
}
