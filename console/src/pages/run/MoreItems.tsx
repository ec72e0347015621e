import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, Link as LinkIcon, Terminal, Trash2 } from "lucide-react";
import { actorQuery } from "@/api/actors";
import { messageOf } from "@/api/errors";
import type { Run } from "@/api/run";
import { serverQuery } from "@/api/server";
import { type Language, snippetOf } from "@/start/copyAs";
import { runInputQuery } from "@/start/runInput";
import { copyText } from "@/ui/CopyButton";
import { MenuItem, MenuSeparator } from "@/ui/Menu";
import { isLive } from "@/ui/StatusPill";
import { showToast } from "@/ui/toasts";

const FORMATS: [Language, string][] = [
  ["curl", "Copy as curl"],
  ["apify", "Copy as apify command"],
  ["greenroom", "Copy as greenroom command"],
];

/** The less frequent actions about a run, in its menu. */
export function MoreItems({ run, onDelete }: { run: Run; onDelete: () => void }) {
  const queries = useQueryClient();
  const { data: server } = useQuery(serverQuery);
  const copyAs = async (language: Language) => {
    try {
      const { input, options } = await queries.fetchQuery(runInputQuery(run.id));
      const actor = await queries.fetchQuery(actorQuery(run.actId));
      const target = `${actor.username}/${actor.name}`;
      const apiUrl = server?.apiUrl ?? window.location.origin;
      const { text, missing } = snippetOf(language, { apiUrl, target, kind: "actor", options, input });
      const note = missing.length > 0 ? ` The command cannot express ${missing.join(", ")}.` : "";
      await copy(text, note);
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

async function copy(text: string, note = ""): Promise<void> {
  if (await copyText(text)) showToast({ kind: "done", text: `Copied.${note}` });
}
