import { Braces, Columns3, Table2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Item } from "@/api/datasetItems";
import type { StorageRecord } from "@/api/storageRecords";
import { count } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { Menu, MenuCheckItem, MenuItem, MenuSeparator } from "@/ui/Menu";
import { SearchField } from "@/ui/SearchField";
import { Segmented } from "@/ui/Segmented";
import viewer from "../Viewer.module.css";
import { type FieldColumn, joinNames, type View } from "./columns";
import styles from "./Dataset.module.css";
import { ExportMenu } from "./ExportMenu";
import { type DatasetAddress, viewName } from "./useDatasetAddress";

type Props = {
  dataset: StorageRecord;
  views: View[];
  address: DatasetAddress;
  all: FieldColumn[];
  columns: FieldColumn[];
  data: { items: Item[]; total: number };
  found: number;
  actions: ReactNode;
};

export function DatasetToolbar({ dataset, views, address, all, columns, data, found, actions }: Props) {
  const { view, isJson, find, change } = address;
  const named: (View | null)[] = [...views, null];
  return (
    <div className={viewer.toolbar}>
      {views.length > 0 && (
        <Segmented
          label="View"
          value={viewName(view, views)}
          segments={named.map((each) => ({ value: viewName(each, views), label: each?.title ?? "All fields" }))}
          onChange={(name) => change({ view: name, columns: undefined, page: undefined, item: undefined })}
        />
      )}
      <Segmented
        label="Items as"
        value={isJson ? "json" : "table"}
        segments={[
          { value: "table", label: "Table", icon: <Table2 aria-hidden /> },
          { value: "json", label: "JSON", icon: <Braces aria-hidden /> },
        ]}
        onChange={(as) => change({ as: as === "json" ? as : undefined, item: undefined })}
      />
      <SearchField
        className={viewer.find}
        value={find}
        label="Find on this page"
        onChange={(text) => change({ find: text })}
      />
      {find !== "" && (
        <span className={styles.quiet} role="status">
          {count(found)} of {count(data.items.length)}
        </span>
      )}
      {!isJson && <ColumnMenu all={all} columns={columns} onChange={change} />}
      <span className={viewer.actions}>
        {actions}
        <ExportMenu dataset={dataset} view={view} items={data.items} total={data.total} />
      </span>
    </div>
  );
}

type ColumnProps = { all: FieldColumn[]; columns: FieldColumn[]; onChange: DatasetAddress["change"] };

function ColumnMenu({ all, columns, onChange }: ColumnProps) {
  const shown = new Set(columns.map(({ field }) => field));
  const toggle = (field: string, isShown: boolean) => {
    const fields = all.map((each) => each.field).filter((each) => (each === field ? isShown : shown.has(each)));
    onChange({ columns: fields.length === all.length ? undefined : joinNames(fields) });
  };
  return (
    <Menu
      align="start"
      trigger={
        <Button variant="quiet" small icon={<Columns3 aria-hidden />}>
          Columns{shown.size < all.length && `, ${shown.size} of ${all.length}`}
        </Button>
      }
    >
      <MenuItem onSelect={() => onChange({ columns: undefined })}>Reset</MenuItem>
      <MenuSeparator />
      {all.map(({ field, label }) => (
        <MenuCheckItem key={field} isChecked={shown.has(field)} onChange={(isShown) => toggle(field, isShown)}>
          {label}
        </MenuCheckItem>
      ))}
    </Menu>
  );
}
