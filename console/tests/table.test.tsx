// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useRef, useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useListKeys } from "@/ui/listKeys";
import { SearchField } from "@/ui/SearchField";
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

function Items({ onOpen }: { onOpen: (name: string) => void }) {
  const list = useRef<HTMLUListElement>(null);
  useListKeys(list, "button");
  return (
    <ul ref={list}>
      {NAMES.map((name) => (
        <li key={name}>
          <button type="button" onClick={() => onOpen(name)}>
            {name}
          </button>
        </li>
      ))}
    </ul>
  );
}

describe("the items of a list", () => {
  afterEach(cleanup);

  it("are reached and opened with keys, and searched with /", async () => {
    const onOpen = vi.fn();
    render(
      <>
        <SearchField value="" label="Search" onChange={() => {}} />
        <Items onOpen={onOpen} />
      </>,
    );
    await userEvent.keyboard("kjjjk{Enter}");
    expect(onOpen).toHaveBeenCalledWith("cid");
    await userEvent.keyboard("/j");
    expect(screen.getByLabelText<HTMLInputElement>("Search").value).toBe("j");
  });
});
