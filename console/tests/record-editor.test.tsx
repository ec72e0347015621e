// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, configure, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { request } from "@/api/client";
import { putRecord } from "@/api/storeRecords";
import { RecordEditor } from "@/storages/store/RecordEditor";

configure({ asyncUtilTimeout: 60_000 }); // for a machine that is busy
vi.mock("@/api/client", () => ({ request: vi.fn() }));
vi.mock("@/api/storeRecords", async (original) => ({
  ...(await original<typeof import("@/api/storeRecords")>()),
  putRecord: vi.fn(),
}));
vi.mock("@/editor/CodeEditor", () => ({
  CodeEditor: ({ value, onChange }: { value: string; onChange: (text: string) => void }) => (
    <textarea aria-label="Content" value={value} onChange={(event) => onChange(event.target.value)} />
  ),
}));

afterEach(cleanup);

it("replaces what a run has stored meanwhile only when the user saves again", async () => {
  let content = '{"id":1}';
  vi.mocked(request).mockImplementation(async () => new Response(content));
  const onClose = vi.fn();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <RecordEditor
        storeId="store"
        recordKey="STATE"
        info={{ contentType: "application/json", size: 20 }}
        onClose={onClose}
      />
    </QueryClientProvider>,
  );
  const text = await screen.findByLabelText<HTMLTextAreaElement>("Content");
  content = '{"id":2}';
  const save = screen.getByRole("button", { name: "Save the record" });
  await userEvent.click(save);
  expect((await screen.findByText(/was changed after you opened it/)).textContent).toContain("Save it again");
  expect(putRecord).not.toHaveBeenCalled();
  await userEvent.click(save);
  await waitFor(() => expect(onClose).toHaveBeenCalled());
  expect(vi.mocked(putRecord).mock.calls[0]?.[2]).toBe(text.value);
});
