import {
  ChevronDown,
  CodeXml,
  Download,
  FileBraces,
  FileSpreadsheet,
  FileText,
  Link,
  Rss,
  SquareTerminal,
  Table2,
} from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { type ExportOptions, exportPath, type Format, type Item } from "@/api/datasetItems";
import type { StorageRecord } from "@/api/storageRecords";
import { bytes, plural } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { copyText } from "@/ui/CopyButton";
import { Menu, MenuCheckItem, MenuItem, MenuSeparator } from "@/ui/Menu";
import { showToast } from "@/ui/toasts";
import type { View } from "./columns";
import { estimateSizes } from "./sizes";

const FORMATS: [Format, string, ReactNode][] = [
  ["csv", "CSV", <FileText key="csv" />],
  ["xlsx", "Excel", <FileSpreadsheet key="xlsx" />],
  ["json", "JSON", <FileBraces key="json" />],
  ["jsonl", "JSON Lines", <FileText key="jsonl" />],
  ["xml", "XML", <CodeXml key="xml" />],
  ["html", "HTML table", <Table2 key="html" />],
  ["rss", "RSS", <Rss key="rss" />],
];

type Props = { dataset: StorageRecord; view: View | null; items: Item[]; total: number };

/** All items as a file of several formats, as the current view shows them. */
export function ExportMenu({ dataset, view, items, total }: Props) {
  const [skipsEmpty, setSkipsEmpty] = useState(true);
  const [hasHidden, setHidden] = useState(false);
  const options: ExportOptions = { view: view?.id ?? null, skipsEmpty, hasHidden };
  return (
    <Menu
      label={`Export ${plural(total, "item")}${view ? ` of the view “${view.title}”` : ""}`}
      trigger={
        <Button small icon={<Download aria-hidden />}>
          Export
          <ChevronDown aria-hidden />
        </Button>
      }
    >
      <FormatItems dataset={dataset} options={options} items={items} total={total} />
      <MenuSeparator />
      <MenuCheckItem isChecked={skipsEmpty} onChange={setSkipsEmpty}>
        Skip empty items
      </MenuCheckItem>
      <MenuCheckItem isChecked={hasHidden} onChange={setHidden}>
        Include hidden fields (#)
      </MenuCheckItem>
      <MenuSeparator />
      <MenuItem
        icon={<Link />}
        onSelect={() => void copy(location.origin + exportPath(dataset.id, "json", options), "Copied the API address.")}
      >
        Copy API address
      </MenuItem>
      <MenuItem
        icon={<SquareTerminal />}
        onSelect={() => void copy(`greenroom storage export ${dataset.id}`, "Copied the command.")}
      >
        Copy greenroom command
      </MenuItem>
    </Menu>
  );
}

type FormatProps = { dataset: StorageRecord; options: ExportOptions; items: Item[]; total: number };

/** This is drawn when the menu opens, so that only then the sizes are computed. */
function FormatItems({ dataset, options, items, total }: FormatProps) {
  const { hasHidden } = options;
  const sizes = useMemo(
    () => estimateSizes(hasHidden ? items : items.map(withoutHidden), total),
    [items, total, hasHidden],
  );
  const download = (format: Format) => location.assign(`${exportPath(dataset.id, format, options)}&attachment=1`);
  return (
    <>
      {FORMATS.map(([format, label, icon]) => (
        <MenuItem
          key={format}
          icon={icon}
          needsServer
          note={sizes ? `about ${bytes(sizes[format])}` : undefined}
          onSelect={() => download(format)}
        >
          {label}
        </MenuItem>
      ))}
    </>
  );
}

function withoutHidden(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !name.startsWith("#")));
}

async function copy(text: string, confirmation: string): Promise<void> {
  if (await copyText(text)) showToast({ kind: "done", text: confirmation });
}
