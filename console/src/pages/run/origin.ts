import type { Run } from "@/api/run";

const TEXTS: Record<string, string> = {
  DEVELOPMENT: "started in development",
  WEB: "started in the console",
  API: "started through the API",
  SCHEDULER: "started by a schedule",
  WEBHOOK: "started by a webhook",
  ACTOR: "started by another run",
  CLI: "started by the apify command",
  STANDBY: "started for Standby requests",
  TEST: "started by a test",
  CI: "started by a CI job",
};

/** What started a run. */
export function originText({ meta }: Run): string {
  return TEXTS[meta.origin] ?? `started by ${meta.origin}`;
}
