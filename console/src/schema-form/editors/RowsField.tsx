import { Braces, FileUp, ListPlus, Plus, Trash2 } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { Button, IconButton } from "@/ui/Button";
import { TextInput } from "@/ui/Field";
import { showToast } from "@/ui/toasts";
import { useDraft } from "../values/draft";
import { formatRows, newRow, parseRows, type Row, type RowKind, rowsOfLines, textsOfFile } from "../values/rows";
import { BulkEditDialog } from "./BulkEditDialog";
import styles from "./editors.module.css";
import { FromFile } from "./FromFile";
import { RowOptionsDialog } from "./RowOptionsDialog";
import type { EditorProps } from "./types";

const PLACEHOLDERS: Record<RowKind, string> = {
  requestListSources: "https://example.com",
  globs: "https://example.com/**",
  pseudoUrls: "https://example.com/[.*]",
  stringList: "",
  keyValue: "Key",
};

/** A list with one row per item. */
function RowsField({ kind, ...props }: EditorProps & { kind: RowKind }) {
  const [rows, setRows] = useDraft<Row[]>({
    ...props,
    format: (value) => formatRows(kind, value),
    parse: (next) => ({ value: parseRows(kind, next, props.value) }),
  });
  const [isBulk, setBulk] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useFocusOfNewRow(place, rows.length);
  const addTexts = (texts: string[], key?: string) => setRows(withTexts(kind, rows, texts, key));
  return (
    <div className={styles.rows} ref={place}>
      {rows.map((row, index) => (
        <RowLine
          key={row.id}
          {...props}
          id={index === 0 ? props.id : `${props.id}-${index}`}
          kind={kind}
          row={row}
          index={index}
          onRow={(next) => setRows(rows.map((each) => (each.id === row.id ? next : each)))}
          onRemove={() => setRows(without(kind, rows, row))}
        />
      ))}
      <div className={styles.actions}>
        <Button
          small
          icon={<Plus aria-hidden />}
          disabled={props.isDisabled}
          onClick={() => setRows([...rows, newRow(kind)])}
        >
          Add
        </Button>
        {kind !== "globs" && kind !== "pseudoUrls" && (
          <Button
            variant="quiet"
            small
            icon={<ListPlus aria-hidden />}
            disabled={props.isDisabled}
            onClick={() => setBulk(true)}
          >
            Bulk edit
          </Button>
        )}
        {kind === "requestListSources" && (
          <FromFile
            icon={<FileUp aria-hidden />}
            isDisabled={props.isDisabled}
            onContent={(content, name) => {
              const texts = textsOfFile(kind, content);
              if (texts.length === 0) showToast({ kind: "error", text: `The file ${name} contains no URLs.` });
              else addTexts(texts);
            }}
            onLink={(url) => addTexts([url], "requestsFromUrl")}
          />
        )}
      </div>
      {isBulk && (
        <BulkEditDialog
          kind={kind}
          label={props.label}
          rows={rows}
          onText={(text) => setRows(rowsOfLines(kind, text, rows))}
          onClose={() => setBulk(false)}
        />
      )}
    </div>
  );
}

export function RequestSourcesField(props: EditorProps) {
  return <RowsField {...props} kind="requestListSources" />;
}

export function GlobsField(props: EditorProps) {
  return <RowsField {...props} kind="globs" />;
}

export function PseudoUrlsField(props: EditorProps) {
  return <RowsField {...props} kind="pseudoUrls" />;
}

export function KeyValueField(props: EditorProps) {
  return <RowsField {...props} kind="keyValue" />;
}

export function StringListField(props: EditorProps) {
  return <RowsField {...props} kind="stringList" />;
}

/** Added rows get the focus; a first or a loaded list does not. */
function useFocusOfNewRow(place: RefObject<HTMLDivElement | null>, count: number): void {
  const before = useRef(count);
  useEffect(() => {
    if (count === before.current + 1 && place.current?.contains(document.activeElement)) {
      const inputs = place.current.querySelectorAll<HTMLInputElement>("[data-row] input");
      [...inputs].findLast((input) => input.dataset.part !== "second")?.focus();
    }
    before.current = count;
  }, [place, count]);
}

type LineProps = EditorProps & {
  kind: RowKind;
  row: Row;
  index: number;
  onRow: (row: Row) => void;
  onRemove: () => void;
};

function RowLine({ kind, row, index, onRow, onRemove, ...props }: LineProps) {
  const { id, label, field, isInvalid, isDisabled, describedBy } = props;
  const [isOpen, setOpen] = useState(false);
  const name = `${label}, item ${index + 1}`;
  const rest = Object.keys(row.rest ?? {}).length;
  const isFromUrl = row.key === "requestsFromUrl";
  return (
    <div className={styles.row} data-row>
      <TextInput
        id={id}
        aria-label={isFromUrl ? `${name}, a list of URLs` : name}
        isMono={kind !== "stringList"}
        isInvalid={isInvalid}
        disabled={isDisabled}
        aria-describedby={describedBy}
        className={styles.grows ?? ""}
        value={row.text}
        placeholder={(kind === "keyValue" ? field.placeholderKey : field.placeholderValue) ?? PLACEHOLDERS[kind]}
        onChange={(event) => onRow({ ...row, text: event.target.value })}
        {...(isFromUrl ? { unit: "list of URLs" } : {})}
      />
      {kind === "keyValue" && (
        <TextInput
          aria-label={`${name}, value`}
          isMono
          disabled={isDisabled}
          className={styles.grows ?? ""}
          data-part="second"
          value={row.second}
          placeholder={field.placeholderValue ?? "Value"}
          onChange={(event) => onRow({ ...row, second: event.target.value })}
        />
      )}
      {(kind === "requestListSources" || rest > 0) && row.rest !== null && (
        <IconButton
          variant="quiet"
          className={rest > 0 ? (styles.marked ?? "") : ""}
          label={
            rest > 0
              ? `Other properties of ${name}: ${Object.keys(row.rest).join(", ")}`
              : `Method, headers and user data of ${name}`
          }
          icon={<Braces aria-hidden />}
          disabled={isDisabled}
          onClick={() => setOpen(true)}
        />
      )}
      <IconButton
        variant="quiet"
        label={`Remove ${name}`}
        icon={<Trash2 aria-hidden />}
        disabled={isDisabled}
        onClick={onRemove}
      />
      {isOpen && <RowOptionsDialog name={name} row={row} onRow={onRow} onClose={() => setOpen(false)} />}
    </div>
  );
}

function without(kind: RowKind, rows: Row[], row: Row): Row[] {
  const rest = rows.filter(({ id }) => id !== row.id);
  return rest.length === 0 ? [newRow(kind)] : rest;
}

/** Further rows at the end. Empty rows are replaced. */
function withTexts(kind: RowKind, rows: Row[], texts: string[], key?: string): Row[] {
  const filled = rows.filter(({ text, second }) => text !== "" || second !== "");
  return [...filled, ...texts.map((text) => newRow(kind, text, key))];
}
