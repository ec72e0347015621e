import { Upload } from "lucide-react";
import { useRef, useState } from "react";
import { messageOf } from "@/api/errors";
import { putRecord } from "@/api/storeRecords";
import { plural } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { showToast } from "@/ui/toasts";
import { keyOfFile } from "./preview";

type Props = { storeId: string; onStored: () => void };

/** Stores files as records with the names of the files as keys. A record with the same key is replaced. */
export function UploadFiles({ storeId, onStored }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [progress, setProgress] = useState<string | null>(null);
  const upload = async (files: File[]) => {
    let stored = 0;
    for (const file of files) {
      const position = files.length > 1 ? `${stored + 1} of ${files.length}, ` : "";
      const show = (part: number) => setProgress(`${position}${Math.round(part * 100)} %`);
      try {
        show(0);
        await putRecord(storeId, keyOfFile(file.name), file, file.type, show);
        stored += 1;
      } catch (error) {
        showToast({ kind: "error", text: `${file.name} was not stored. ${messageOf(error)}` });
        break;
      }
    }
    setProgress(null);
    if (stored > 0) showToast({ kind: "done", text: `Stored ${plural(stored, "file")}.` });
    onStored();
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
          void upload(files);
        }}
      />
      <Button
        small
        icon={<Upload aria-hidden />}
        needsServer
        isPending={progress !== null}
        onClick={() => input.current?.click()}
      >
        {progress ?? "Upload files"}
      </Button>
    </>
  );
}
