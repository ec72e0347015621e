// @vitest-environment jsdom
import { cleanup, configure, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { request } from "@/api/client";
import { freeKey } from "@/api/fileKeys";
import { putRecord } from "@/api/storeRecords";
import { UploadFiles } from "@/storages/store/UploadFiles";
import { toasts } from "@/ui/toasts";

configure({ asyncUtilTimeout: 60_000 }); // for a machine that is busy
vi.mock("@/api/client", () => ({ request: vi.fn() }));
vi.mock("@/api/storeRecords", async (original) => ({
  ...(await original<typeof import("@/api/storeRecords")>()),
  putRecord: vi.fn(),
}));

/** A store whose pages have two keys. */
function storeHas(...keys: string[]): void {
  vi.mocked(request).mockImplementation(async (path) => {
    const query = new URL(path, "http://localhost").searchParams;
    const found = keys.filter((key) => key.startsWith(query.get("prefix") ?? "")).sort();
    const rest = found.filter((key) => key > (query.get("exclusiveStartKey") ?? ""));
    const page = rest.slice(0, 2);
    const nextExclusiveStartKey = rest.length > 2 ? page.at(-1) : null;
    return Response.json({ data: { items: page.map((key) => ({ key })), nextExclusiveStartKey } });
  });
}

const stored = () => vi.mocked(putRecord).mock.calls.map(([, key]) => key);

afterEach(() => {
  cleanup();
  vi.mocked(putRecord).mockReset();
});

describe("a free key", () => {
  it("is found on all pages of the store", async () => {
    storeHas("a.csv", "a-2.csv", "a-3.csv", "a-4.csv", "b.csv");
    expect(await freeKey("store", "a.csv")).toBe("a-5.csv");
    expect(await freeKey("store", "c.csv")).toBe("c.csv");
    expect(await freeKey("store", "b.csv", new Set(["b-2.csv"]))).toBe("b-3.csv");
  });

  it("is not longer than a key can be", async () => {
    const long = `${"x".repeat(252)}.csv`;
    storeHas(long);
    const key = await freeKey("store", long);
    expect([key.length <= 256, key.endsWith("-2.csv")]).toEqual([true, true]);
  });
});

describe("uploaded files", () => {
  const onStored = vi.fn();
  const files = ["INPUT.json", "new.txt", "a b.txt", "a-b.txt"].map((name) => new File(["x"], name));
  const upload = async (...chosen: File[]) => {
    render(<UploadFiles storeId="store" onStored={onStored} />);
    await userEvent.upload(screen.getByLabelText("Files to store"), chosen);
  };

  beforeEach(() => storeHas("INPUT.json"));

  it("replace a record only after the user has confirmed it", async () => {
    await upload(...files.slice(0, 2));
    const dialog = await screen.findByRole("dialog", { name: "Replace the record?" });
    expect(dialog.textContent).toContain("INPUT.json");
    expect(stored()).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(stored()).toEqual([]);
    cleanup();
    await upload(...files.slice(0, 2));
    await userEvent.click(await screen.findByRole("button", { name: "Replace the record" }));
    await waitFor(() => expect(stored()).toEqual(["INPUT.json", "new.txt"]));
  });

  it("can be kept beside it", async () => {
    await upload(...files.slice(0, 1));
    await userEvent.click(await screen.findByRole("button", { name: "Keep both" }));
    await waitFor(() => expect(stored()).toEqual(["INPUT-2.json"]));
    expect(toasts.get().at(-1)?.text).toBe("Stored 1 file. INPUT.json is INPUT-2.json.");
  });

  it("never replace each other", async () => {
    await upload(...files.slice(2));
    await waitFor(() => expect(stored()).toEqual(["a-b.txt", "a-b-2.txt"]));
    expect(toasts.get().at(-1)?.text).toBe("Stored 2 files. a-b.txt is a-b-2.txt.");
  });

  it("are named if they were not stored because of an earlier one", async () => {
    vi.mocked(putRecord).mockRejectedValueOnce(new Error("The disk is full."));
    await upload(...files.slice(1));
    await waitFor(() => expect(toasts.get().at(-1)?.text).toMatch(/^new.txt and 2 more files were not stored/));
  });
});
