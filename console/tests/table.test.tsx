// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Table } from "@/ui/Table";

const NAMES = ["ada", "bob", "cid", "dan", "eve"];

function Names({ onOpen }: { onOpen: (name: string) => void }) {
  const [ids, onChange] = useState<ReadonlySet<string>>(new Set());
  return (
    <Table
      label="Names"
      columns={[{ id: "name", header: "Name", cell: (name: string) => name }]}
      rows={NAMES}
      rowId={(name) => name}
      rowHref={(name) => `/${name}`}
      onOpen={onOpen}
      selection={{ ids, onChange }}
      hasKeys
    />
  );
}

const selected = () => screen.getAllByRole("row", { selected: true }).map((row) => row.dataset.row);

describe("the rows of a table", () => {
  const onOpen = vi.fn();

  beforeEach(() => {
    window.matchMedia = () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }) as never;
    Element.prototype.scrollIntoView = vi.fn();
    render(<Names onOpen={onOpen} />);
  });
  afterEach(cleanup);

  it("are selected as a range with Shift", () => {
    fireEvent.click(screen.getByLabelText("Select bob"));
    fireEvent.click(screen.getByLabelText("Select dan"), { shiftKey: true });
    expect(selected()).toEqual(["bob", "cid", "dan"]);
    fireEvent.click(screen.getByLabelText("Select cid"));
    expect(selected()).toEqual(["bob", "dan"]);
  });

  it("are reached, selected and opened with keys", async () => {
    const user = userEvent.setup();
    await user.keyboard("jjx");
    await user.keyboard("jj{Shift>}x{/Shift}k{Enter}");
    expect(selected()).toEqual(["bob", "cid", "dan"]);
    expect(onOpen).toHaveBeenLastCalledWith("cid");
  });
});
