import { useMutation } from "@tanstack/react-query";
import { Plus, Trash2, Upload } from "lucide-react";
import { useRef } from "react";
import { messageOf } from "@/api/errors";
import { uploadFile } from "@/api/uploads";
import { Button, IconButton } from "@/ui/Button";
import { FieldError, TextInput } from "@/ui/Field";
import { useDraft } from "../values/draft";
import { formatRows, newRow, parseRows, type Row } from "../values/rows";
import styles from "./editors.module.css";
import { controlProps, textOf } from "./texts";
import type { EditorProps } from "./types";

/** The URL of a file. An upload stores the file in the key-value store `console-uploads`. */
export function FileField(props: EditorProps) {
  const { value, onChange } = props;
  return (
    <div className={styles.rows}>
      <TextInput
        {...controlProps(props)}
        isMono
        value={textOf(value)}
        placeholder="https://example.com/file.csv"
        onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
      />
      <div className={styles.actions}>
        <UploadButton {...props} onUrls={([url]) => url !== undefined && onChange(url)} />
      </div>
    </div>
  );
}

export function FilesField(props: EditorProps) {
  const [rows, setRows] = useDraft<Row[]>({
    ...props,
    format: (value) => formatRows("stringList", value),
    parse: (next) => ({ value: parseRows("stringList", next, props.value) }),
  });
  const filled = rows.filter(({ text }) => text !== "");
  return (
    <div className={styles.rows}>
      {rows.map((row, index) => (
        <div className={styles.row} key={row.id}>
          <TextInput
            {...controlProps(props)}
            id={index === 0 ? props.id : `${props.id}-${index}`}
            aria-label={`${props.label}, file ${index + 1}`}
            isMono
            className={styles.grows ?? ""}
            value={row.text}
            placeholder="https://example.com/file.csv"
            onChange={(event) =>
              setRows(rows.map((each) => (each.id === row.id ? { ...row, text: event.target.value } : each)))
            }
          />
          <IconButton
            variant="quiet"
            label={`Remove file ${index + 1} of ${props.label}`}
            icon={<Trash2 aria-hidden />}
            disabled={props.isDisabled}
            onClick={() => setRows(rows.length === 1 ? [newRow("stringList")] : rows.filter(({ id }) => id !== row.id))}
          />
        </div>
      ))}
      <div className={styles.actions}>
        <Button
          small
          icon={<Plus aria-hidden />}
          disabled={props.isDisabled}
          onClick={() => setRows([...rows, newRow("stringList")])}
        >
          Add
        </Button>
        <UploadButton
          {...props}
          isMultiple
          onUrls={(urls) => setRows([...filled, ...urls.map((url) => newRow("stringList", url))])}
        />
      </div>
    </div>
  );
}

type UploadProps = EditorProps & { isMultiple?: boolean; onUrls: (urls: string[]) => void };

function UploadButton({ id, label, value, isDisabled, isMultiple = false, onUrls }: UploadProps) {
  const picker = useRef<HTMLInputElement>(null);
  const upload = useMutation({
    onMutate: () => value,
    mutationFn: async (files: File[]) => {
      const urls: string[] = [];
      for (const file of files) urls.push(await uploadFile(file, null));
      return urls;
    },
    onSuccess: onUrls,
  });
  return (
    <>
      <Button
        variant="quiet"
        small
        icon={<Upload aria-hidden />}
        disabled={isDisabled}
        isPending={upload.isPending}
        title="The file is stored in the key-value store console-uploads"
        onClick={() => picker.current?.click()}
      >
        {upload.isPending ? "Uploading" : isMultiple ? "Upload files" : "Upload a file"}
      </Button>
      <input
        ref={picker}
        type="file"
        hidden
        multiple={isMultiple}
        aria-label={`Upload for ${label}`}
        onChange={(event) => {
          upload.mutate([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {upload.isError && upload.context === value && (
        <FieldError id={`${id}-upload`}>The upload failed. {messageOf(upload.error)}</FieldError>
      )}
    </>
  );
}
