import { useNavigate, useSearch } from "@tanstack/react-router";
import { Columns3 } from "lucide-react";
import { useMemo } from "react";
import { IconButton } from "@/ui/Button";
import { Menu, MenuCheckItem } from "@/ui/Menu";
import { RUN_COLUMNS, type RunColumn } from "./runColumns";

/** The status is the link of a row, and the message takes the space that is left. */
const ALWAYS: readonly string[] = ["status", "message"];
const DEFAULT = RUN_COLUMNS.filter(({ isOptional }) => !isOptional).map(({ id }) => id);

/** The columns that the address names as `columns=id,items`; without it those that most users need. */
export function useRunColumns(): RunColumn[] {
  const { columns } = useSearch({ strict: false }) as { columns?: unknown };
  return useMemo(() => {
    const chosen = typeof columns === "string" ? columns.split(",") : DEFAULT;
    return RUN_COLUMNS.filter(({ id }) => ALWAYS.includes(id) || chosen.includes(id));
  }, [columns]);
}

/** Chooses the columns of a list of runs. */
export function ColumnPicker() {
  const navigate = useNavigate();
  const shown = useRunColumns().map(({ id }) => id);
  const choose = (id: string, isShown: boolean) => {
    const ids = RUN_COLUMNS.map((each) => each.id).filter((each) => (each === id ? isShown : shown.includes(each)));
    const columns = ids.join() === DEFAULT.join() ? undefined : ids.join();
    const search = (old: Record<string, unknown>) => ({ ...old, columns });
    void navigate({ to: ".", search: search as never, hash: true, replace: true, resetScroll: false });
  };
  return (
    <Menu label="Columns" trigger={<IconButton label="Choose columns" icon={<Columns3 aria-hidden />} />}>
      {RUN_COLUMNS.filter(({ id }) => !ALWAYS.includes(id)).map(({ id, header }) => (
        <MenuCheckItem key={id} isChecked={shown.includes(id)} onChange={(isShown) => choose(id, isShown)}>
          {header}
        </MenuCheckItem>
      ))}
    </Menu>
  );
}
