import { Upload } from "lucide-react";
import { useRef, useState } from "react";
import { pushItems } from "@/api/datasetItems";
import { messageOf } from "@/api/errors";
import { count, plural } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { showToast } from "@/ui/toasts";
import { inBatches, parseItems } from "./parseItems";

/** Adds the items of JSON, JSON Lines and CSV files to a dataset. A file with an error adds nothing. */
export function UploadButton({ datasetId }: { datasetId: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [progress, setProgress] = useState<string | null>(null);
  const upload = async (file: File) => {
    let added = 0;
    try {
      setProgress("Reading the file");
      const items = parseItems(file.name, await file.text());
      for (const batch of inBatches(items)) {
        setProgress(`${count(added)} of ${count(items.length)}`);
        await pushItems(datasetId, batch);
        added += batch.length;
      }
      showToast({ kind: "done", text: `Added ${plural(added, "item")} of ${file.name}.` });
    } catch (error) {
      const before = added === 0 ? "Nothing was added." : `${plural(added, "item")} were added before.`;
      showToast({ kind: "error", text: `${file.name}: ${messageOf(error)} ${before}` });
    } finally {
      setProgress(null);
    }
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File with items"
        accept=".json,.jsonl,.ndjson,.csv"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = "";
          if (file) void upload(file);
        }}
      />
      <Button
        icon={<Upload aria-hidden />}
        needsServer
        isPending={progress !== null}
        title="JSON, JSON Lines or CSV"
        onClick={() => input.current?.click()}
      >
        {progress ?? "Upload items"}
      </Button>
    </>
  );
}
