/** The server's words about an input, sorted to the fields that they are about. */
import type { InputSchema } from "./schema";

export type Problems = {
  /** By the name of the field. */
  fields: Record<string, string>;
  /** What names no field. */
  others: string[];
};

export const NO_PROBLEMS: Problems = { fields: {}, others: [] };

const PREFIX = "Input is not valid: ";
/** The beginnings of the sentences that the server joins with commas. */
const SENTENCE =
  /, (?=Field input\.|Property input\.|Items in input\.|The field schema\.|Country code "|Proxy URL "|The country for )/;
const NAMED = /^(?:Field|Property|Items in) input\.(.+)$|^The field schema\.properties\.(.+)$/;
const ABOUT_PROXY = /^(?:Country code "|Proxy URL "|The country for )/;

/** Sort the message of an error `invalid-input`. */
export function problemsOf(message: string, schema: InputSchema | null): Problems {
  const sentences = message.startsWith(PREFIX) ? message.slice(PREFIX.length).split(SENTENCE) : [message];
  const problems: Problems = { fields: {}, others: [] };
  for (const sentence of sentences) {
    const name = fieldOf(sentence, schema);
    if (name === undefined) problems.others.push(sentence);
    else problems.fields[name] = name in problems.fields ? `${problems.fields[name]} ${sentence}` : sentence;
  }
  return problems;
}

function fieldOf(sentence: string, schema: InputSchema | null): string | undefined {
  const fields = Object.entries(schema?.properties ?? {});
  const match = NAMED.exec(sentence);
  if (match)
    return longestName(
      match[1] ?? match[2] ?? "",
      fields.map(([name]) => name),
    );
  if (ABOUT_PROXY.test(sentence)) return fields.find(([, field]) => field.editor === "proxy")?.[0];
  return fields.find(([, field]) => Object.values(field.errorMessage ?? {}).includes(sentence))?.[0];
}

/** Names may contain dots and spaces, so that the longest one that fits is meant. */
function longestName(rest: string, names: string[]): string | undefined {
  const fitting = names.filter(
    (name) => rest === name || (rest.startsWith(name) && /^[. ]/.test(rest.slice(name.length))),
  );
  return fitting.sort((a, b) => b.length - a.length)[0];
}
