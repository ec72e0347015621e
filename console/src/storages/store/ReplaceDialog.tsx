import type { Upload } from "@/api/fileKeys";
import { plural } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";

type Props = { uploads: Upload[]; onStore: (uploads: Upload[]) => void; onClose: () => void };

const MOST_NAMED = 8;

/** Asks whether uploads replace the records with the same keys, or are stored beside them. */
export function ReplaceDialog({ uploads, onStore, onClose }: Props) {
  const taken = uploads.filter(({ key, freeKey }) => key !== freeKey);
  const records = taken.length === 1 ? "the record" : plural(taken.length, "record");
  const keepBoth = () => onStore(uploads.map((upload) => ({ ...upload, key: upload.freeKey })));
  const more = taken.length - MOST_NAMED;
  return (
    <Dialog
      title={`Replace ${records}?`}
      description={`The store already has ${taken.length === 1 ? "a record with this key" : "records with these keys"}. What is replaced is lost.`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button needsServer onClick={keepBoth}>
            Keep both
          </Button>
          <Button variant="danger" needsServer onClick={() => onStore(uploads)}>
            Replace {records}
          </Button>
        </>
      }
    >
      <ul>
        {taken.slice(0, MOST_NAMED).map(({ key, freeKey }) => (
          <li key={key}>
            <code>{key}</code>; kept beside it as <code>{freeKey}</code>
          </li>
        ))}
        {more > 0 && <li>and {plural(more, "other")}</li>}
      </ul>
    </Dialog>
  );
}
