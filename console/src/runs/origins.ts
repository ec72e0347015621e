import type { RunOrigin } from "@/api/runs";

/** What started a run, in words. */
export const ORIGINS: Record<RunOrigin, string> = {
  API: "API",
  WEB: "Console",
  CLI: "apify",
  DEVELOPMENT: "Development",
  SCHEDULER: "Schedule",
  WEBHOOK: "Webhook",
  ACTOR: "Actor",
  TEST: "Test",
  CI: "CI",
  STANDBY: "Standby",
  MCP: "MCP",
};

export function originLabel(origin: string): string {
  return origin in ORIGINS ? ORIGINS[origin as RunOrigin] : origin;
}
