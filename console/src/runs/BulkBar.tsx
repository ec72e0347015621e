import { Ban, CircleMinus, Copy, X } from "lucide-react";
import type { RunSummary } from "@/api/runs";
import { plural } from "@/format/numbers";
import { Button, IconButton } from "@/ui/Button";
import { copyText } from "@/ui/CopyButton";
import { isLive } from "@/ui/StatusPill";
import { showToast } from "@/ui/toasts";
import styles from "./RunList.module.css";

type Props = { runs: RunSummary[]; onAbort: (isGraceful: boolean) => void; onClear: () => void };

/** What can be done with the selected runs. It floats above the footer. */
export function BulkBar({ runs, onAbort, onClear }: Props) {
  const ended = runs.filter(({ status }) => !isLive(status)).length;
  const hasNone = ended === runs.length;
  const note = hasNone ? (runs.length === 1 ? "already ended" : "all already ended") : `${ended} already ended`;
  const copy = async () => {
    if (await copyText(runs.map(({ id }) => id).join("\n"))) {
      showToast({ kind: "done", text: `Copied ${plural(runs.length, "ID")}.` });
    }
  };
  return (
    <div className={styles.bulk} role="toolbar" aria-label="Selected runs">
      <span className={styles.selected} role="status">
        <b>{plural(runs.length, "run")} selected</b>
        {ended > 0 && <span className={styles.quiet}>{note}</span>}
      </span>
      <Button variant="quiet" small needsServer disabled={hasNone} icon={<CircleMinus />} onClick={() => onAbort(true)}>
        Abort gracefully
      </Button>
      <Button variant="danger" small needsServer disabled={hasNone} icon={<Ban />} onClick={() => onAbort(false)}>
        Abort now
      </Button>
      <Button variant="quiet" small icon={<Copy />} onClick={copy}>
        Copy IDs
      </Button>
      <span className={styles.divider} />
      <IconButton variant="quiet" small label="Clear the selection" icon={<X />} onClick={onClear} />
    </div>
  );
}
