// @vitest-environment node
import { expect, it } from "vitest";
import { ENTRIES, SERVER_ENTRIES } from "@/app/navigation";
import { renderShell } from "@/app/shell";

it("links to all pages, and has no page and nothing that the server knows", async () => {
  const html = await renderShell();
  for (const { to, label } of [...ENTRIES, ...SERVER_ENTRIES]) {
    expect(html).toContain(`title="${label}" href="${to}"`);
  }
  expect(html).toMatch(/<main [^>]*><\/main>/);
  expect(html).not.toContain("Connected");
});
