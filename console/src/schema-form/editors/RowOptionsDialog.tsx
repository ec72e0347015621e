import { useId, useState } from "react";
import { CodeEditor } from "@/editor/CodeEditor";
import { isObject } from "@/json/exact";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FieldError } from "@/ui/Field";
import { formatJson, parseJsonText } from "../values/json";
import type { Row } from "../values/rows";

type Props = { name: string; row: Row; onRow: (row: Row) => void; onClose: () => void };

/** The properties of an item that its row does not show, such as the method of a request. */
export function RowOptionsDialog({ name, row, onRow, onClose }: Props) {
  const [text, setText] = useState(() => formatJson(row.rest ?? {}));
  const [problem, setProblem] = useState<string | null>(null);
  const errorId = useId();
  const save = () => {
    const parsed = parseJsonText(text === "" ? "{}" : text, { type: "object" });
    if (!isObject(parsed.value)) return setProblem(parsed.problem ?? "Write an object: { ... }.");
    onRow({ ...row, rest: parsed.value });
    onClose();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button variant="primary" onClick={save}>
        Set properties
      </Button>
    </>
  );
  return (
    <Dialog
      title={`Set properties of ${name}`}
      description={'Other properties of this item, for example {"method": "POST", "payload": "...", "userData": {}}.'}
      onClose={onClose}
      footer={footer}
    >
      <CodeEditor
        language="json"
        label={`Properties of ${name}`}
        value={text}
        minHeight={160}
        maxHeight={360}
        isInvalid={problem !== null}
        describedBy={errorId}
        onChange={(next) => {
          setText(next);
          setProblem(null);
        }}
      />
      {problem && <FieldError id={errorId}>{problem}</FieldError>}
    </Dialog>
  );
}
