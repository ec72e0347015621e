/** Commands that start the Actor of a run with the same input and options. */
import type { Run } from "@/api/run";
import { readInput, startQuery } from "@/api/runOrders";

export type CopyFormat = "curl" | "apify" | "greenroom";

export async function copyOf(format: CopyFormat, run: Run, actor: string, apiUrl: string): Promise<string> {
  const input = await readInput(run);
  return commandOf(format, run, actor, apiUrl, input && { type: input.type, text: await input.text() });
}

type Input = { type: string; text: string };

export function commandOf(format: CopyFormat, run: Run, actor: string, apiUrl: string, input: Input | null): string {
  const { memoryMbytes, timeoutSecs, build } = run.options;
  const options = [
    `--memory ${memoryMbytes}`,
    `--timeout ${timeoutSecs}`,
    ...(build ? [`--build ${word(build)}`] : []),
  ];
  const given = input === null ? "" : ` --input ${word(input.text)}`;
  switch (format) {
    case "curl":
      return [
        `curl -X POST ${word(`${apiUrl}/v2/actors/${run.actId}/runs?${startQuery(run)}`)}`,
        `-H "Authorization: Bearer $APIFY_TOKEN"`,
        ...(input ? [`-H ${word(`Content-Type: ${input.type}`)}`, `-d ${word(input.text)}`] : []),
      ].join(" \\\n  ");
    case "apify":
      return `apify call ${word(actor)} ${options.join(" ")}${given}`;
    case "greenroom":
      return `greenroom call ${word(actor)} ${options.join(" ")}${given}`;
  }
}

/** One word of a POSIX shell. */
export function word(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
