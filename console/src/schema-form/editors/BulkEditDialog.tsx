import { useState } from "react";
import { count } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { linesOf, type Row, type RowKind } from "../values/rows";
import styles from "./editors.module.css";

type Props = { kind: RowKind; label: string; rows: Row[]; onText: (text: string) => void; onClose: () => void };

/** All items of a list as lines of one text. */
export function BulkEditDialog({ kind, label, rows, onText, onClose }: Props) {
  const [text, setText] = useState(() => linesOf(kind, rows));
  const lines = text.split("\n").filter((line) => line.trim() !== "").length;
  const save = () => {
    onText(text);
    onClose();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button variant="primary" onClick={save}>
        Set {count(lines)} {lines === 1 ? "item" : "items"}
      </Button>
    </>
  );
  const description = kind === "keyValue" ? "One line per item: key, colon, value." : "One line per item.";
  return (
    <Dialog title={`Edit ${label}`} description={description} onClose={onClose} footer={footer}>
      <textarea
        className={styles.textarea}
        aria-label={label}
        rows={14}
        spellCheck={false}
        wrap="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </Dialog>
  );
}
