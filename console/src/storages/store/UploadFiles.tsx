import { Upload as UploadIcon } from "lucide-react";
import { useRef, useState } from "react";
import { messageOf } from "@/api/errors";
import { keyOfFile, planUploads, type Upload } from "@/api/fileKeys";
import { putRecord } from "@/api/storeRecords";
import { plural } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { showToast } from "@/ui/toasts";
import { ReplaceDialog } from "./ReplaceDialog";

type Props = { storeId: string; onStored: () => void };

/** Stores files as records with the names of the files as keys. It asks before it replaces a record. */
export function UploadFiles({ storeId, onStored }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [progress, setProgress] = useState<string | null>(null);
  const [asked, setAsked] = useState<Upload[] | null>(null);
  const store = async (uploads: Upload[]) => {
    setAsked(null);
    const stored = await storeAll(storeId, uploads, setProgress);
    setProgress(null);
    if (stored.length > 0) showToast({ kind: "done", text: summaryOf(stored) });
    onStored();
  };
  const plan = async (files: File[]) => {
    try {
      const uploads = await planUploads(storeId, files);
      if (uploads.some(({ key, freeKey }) => key !== freeKey)) setAsked(uploads);
      else await store(uploads);
    } catch (error) {
      showToast({ kind: "error", text: `No file was stored. ${messageOf(error)}` });
    }
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label="Files to store"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = "";
          void plan(files);
        }}
      />
      <Button
        small
        icon={<UploadIcon aria-hidden />}
        needsServer
        isPending={progress !== null}
        onClick={() => input.current?.click()}
      >
        {progress ?? "Upload files"}
      </Button>
      {asked && <ReplaceDialog uploads={asked} onStore={store} onClose={() => setAsked(null)} />}
    </>
  );
}

/** Store files one after the other, up to the first error. Returns those that were stored. */
async function storeAll(storeId: string, uploads: Upload[], onProgress: (text: string) => void): Promise<Upload[]> {
  for (const [index, { file, key }] of uploads.entries()) {
    const position = uploads.length > 1 ? `${index + 1} of ${uploads.length}, ` : "";
    const show = (part: number) => onProgress(`${position}${Math.round(part * 100)} %`);
    try {
      show(0);
      await putRecord(storeId, key, file, file.type, show);
    } catch (error) {
      const rest = uploads.length - index - 1;
      const names = rest === 0 ? `${file.name} was` : `${file.name} and ${plural(rest, "more file")} were`;
      showToast({ kind: "error", text: `${names} not stored. ${messageOf(error)}` });
      return uploads.slice(0, index);
    }
  }
  return uploads;
}

/** What was stored, and which files got another key than that of their name. */
function summaryOf(stored: Upload[]): string {
  const renamed = stored.filter(({ file, key }) => key !== keyOfFile(file.name));
  const names = renamed.map(({ file, key }) => `${file.name} is ${key}`);
  return `Stored ${plural(stored.length, "file")}.${names.length > 0 ? ` ${names.join(", ")}.` : ""}`;
}
