import { Download, FileJson, FileSpreadsheet } from "lucide-react";
import { type RunFilter, runsExportPath } from "@/api/runs";
import { Button } from "@/ui/Button";
import { Menu, MenuItem } from "@/ui/Menu";

/** Downloads all runs that match the filter, not only those in view. */
export function ExportMenu({ filter }: { filter: RunFilter }) {
  const download = (format: "csv" | "json") => window.location.assign(runsExportPath(filter, format));
  return (
    <Menu trigger={<Button icon={<Download aria-hidden />}>Export list</Button>}>
      <MenuItem needsServer icon={<FileSpreadsheet />} onSelect={() => download("csv")}>
        CSV, for spreadsheets
      </MenuItem>
      <MenuItem needsServer icon={<FileJson />} onSelect={() => download("json")}>
        JSON
      </MenuItem>
    </Menu>
  );
}
