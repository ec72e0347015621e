/** The result of a fit as a Markdown document, for an issue or a colleague. */
import type { Fit } from "@/api/fits";
import { fullTime } from "@/format/times";
import { computeUnitsOf, costOf, peakText, runsText, throttled, timeOf } from "./cells";
import { type Row, resultOf, rowsOf, verdictOf } from "./rows";

const HEADINGS = ["Memory", "Result", "Time", "Peak", "Throttled", "CU", "Est. cost", "Runs", "Verdict"];

export function reportOf(actorName: string, fit: Fit): string {
  const parts = [
    `# Memory of ${actorName}`,
    `Build ${fit.buildNumber}, strategy ${fit.strategy}, ${fullTime(fit.finishedAt ?? fit.createdAt)}`,
    answerOf(fit),
    ...fit.inputs.flatMap((label, input) => tableOf(fit, input, label)),
    ...fit.notes.map((note) => `- ${note}`),
    "Time, peak and throttling were measured on one machine. Cost is estimated.",
  ];
  return `${parts.join("\n\n")}\n`;
}

function answerOf({ recommendation: found, advice, error }: Fit): string {
  if (!found) return error?.message ?? advice ?? "No size is recommended.";
  const proof = found.isProven ? `Proven by ${found.proofs.join(", ")}.` : "No fresh run has proven it.";
  return `**Use ${found.memoryMbytes} MB.** ${capitalized(found.reason)}. ${found.explanation} ${proof}`;
}

function tableOf(fit: Fit, input: number, label: string): string[] {
  const rows = rowsOf(fit, input);
  if (rows.length === 0) return [];
  const lines = [HEADINGS, HEADINGS.map(() => "---"), ...rows.map((row) => cellsOf(row, rows, fit))];
  const table = lines.map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");
  return fit.inputs.length > 1 ? [`## Input ${label || `#${input + 1}`}`, table] : [table];
}

function cellsOf(row: Row, rows: Row[], fit: Fit): string[] {
  return [
    `${row.memoryMbytes} MB`,
    resultOf(row, false).text,
    timeOf(row),
    peakText(row),
    throttled(row),
    computeUnitsOf(row),
    costOf(row),
    runsText(row),
    verdictOf(row, rows, fit),
  ];
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
