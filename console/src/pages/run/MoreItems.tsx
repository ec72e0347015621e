import { useQuery } from "@tanstack/react-query";
import { Copy, Link as LinkIcon, Terminal, Trash2 } from "lucide-react";
import { messageOf } from "@/api/errors";
import { type Run, reportQuery } from "@/api/run";
import { serverQuery } from "@/api/server";
import { copyText } from "@/ui/CopyButton";
import { MenuItem, MenuSeparator } from "@/ui/Menu";
import { isLive } from "@/ui/StatusPill";
import { showToast } from "@/ui/toasts";
import { type CopyFormat, copyOf } from "./copyAs";

const FORMATS: [CopyFormat, string][] = [
  ["curl", "Copy as curl"],
  ["apify", "Copy as apify command"],
  ["greenroom", "Copy as greenroom command"],
];

/** The less frequent actions about a run, in its menu. */
export function MoreItems({ run, onDelete }: { run: Run; onDelete: () => void }) {
  const { data: server } = useQuery(serverQuery);
  const { data: report } = useQuery(reportQuery(run.id));
  const copyAs = async (format: CopyFormat) => {
    try {
      await copy(await copyOf(format, run, report?.actorName ?? run.actId, server?.apiUrl ?? window.location.origin));
    } catch (error) {
      showToast({ kind: "error", text: messageOf(error) });
    }
  };
  return (
    <>
      <MenuItem icon={<Copy aria-hidden />} onSelect={() => void copy(run.id)}>
        Copy the ID
      </MenuItem>
      {FORMATS.map(([format, label]) => (
        <MenuItem key={format} icon={<Terminal aria-hidden />} onSelect={() => void copyAs(format)}>
          {label}
        </MenuItem>
      ))}
      <MenuItem
        icon={<LinkIcon aria-hidden />}
        onSelect={() => void copy(`${window.location.origin}/view/runs/${run.id}`)}
      >
        Copy the link
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<Trash2 aria-hidden />} isDangerous disabled={isLive(run.status)} onSelect={onDelete}>
        Delete the run
      </MenuItem>
    </>
  );
}

async function copy(text: string): Promise<void> {
  if (await copyText(text)) showToast({ kind: "done", text: "Copied." });
}
