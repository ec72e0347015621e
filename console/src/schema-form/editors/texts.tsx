import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { CodeEditor } from "@/editor/CodeEditor";
import type { CodeLanguage } from "@/editor/types";
import { withLineBreaks } from "@/format/lineBreaks";
import { type Json, writeJson } from "@/json/exact";
import { IconButton } from "@/ui/Button";
import { TextInput } from "@/ui/Field";
import { typeOf } from "../schema";
import { useDraft } from "../values/draft";
import { formatNumber, parseNumber } from "../values/numbers";
import styles from "./editors.module.css";
import type { EditorProps } from "./types";

const CODE_HEIGHT = { minHeight: 88, maxHeight: 400 };

/** A text, or a secret whose characters are hidden. An empty text stands for no value. */
export function TextField(props: EditorProps) {
  // A control of one line would remove line breaks.
  const [hasLines] = useState(/[\r\n]/.test(textOf(props.value)));
  return hasLines && !props.field.isSecret ? <TextArea {...props} /> : <TextLine {...props} />;
}

function TextLine(props: EditorProps) {
  const { field, value, onChange } = props;
  const [isShown, setShown] = useState(false);
  const input = (
    <TextInput
      {...controlProps(props)}
      type={field.isSecret && !isShown ? "password" : "text"}
      autoComplete="off"
      spellCheck={false}
      value={textOf(value)}
      placeholder={placeholderOf(props)}
      onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
    />
  );
  if (!field.isSecret) return input;
  return (
    <div className={styles.secret}>
      {input}
      <IconButton
        variant="quiet"
        label={isShown ? `Hide ${props.label}` : `Show ${props.label}`}
        icon={isShown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
        onClick={() => setShown(!isShown)}
      />
    </div>
  );
}

export function TextArea(props: EditorProps) {
  const { id, value, onChange, isInvalid, isDisabled, describedBy } = props;
  return (
    <textarea
      id={id}
      className={styles.textarea}
      rows={4}
      spellCheck={false}
      disabled={isDisabled}
      aria-invalid={isInvalid || undefined}
      aria-describedby={describedBy}
      value={textOf(value)}
      placeholder={placeholderOf(props)}
      onChange={(event) =>
        onChange(event.target.value === "" ? undefined : withLineBreaks(event.target.value, textOf(value)))
      }
    />
  );
}

export function NumberField(props: EditorProps) {
  const { field } = props;
  const [text, setText] = useDraft({
    ...props,
    format: formatNumber,
    parse: (draft: string) => parseNumber(draft, field),
  });
  return (
    <TextInput
      {...controlProps(props)}
      inputMode={typeOf(field) === "integer" ? "numeric" : "decimal"}
      autoComplete="off"
      value={text}
      placeholder={placeholderOf(props)}
      {...(field.unit ? { unit: field.unit } : {})}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

export function JavascriptField(props: EditorProps) {
  return <CodeField {...props} language="javascript" />;
}

export function PythonField(props: EditorProps) {
  return <CodeField {...props} language="python" />;
}

function CodeField({ language, ...props }: EditorProps & { language: CodeLanguage }) {
  return (
    <CodeEditor
      {...codeProps(props)}
      {...CODE_HEIGHT}
      language={language}
      value={textOf(props.value)}
      onChange={(text) => props.onChange(text === "" ? undefined : text)}
    />
  );
}

export function codeProps({ id, label, isInvalid, isDisabled, describedBy }: EditorProps) {
  return { id, label, isInvalid, isReadOnly: isDisabled, ...(describedBy ? { describedBy } : {}) };
}

/** The attributes that a native control has in each editor. */
export function controlProps({ id, isInvalid, isDisabled, describedBy }: EditorProps) {
  return {
    id,
    disabled: isDisabled,
    isInvalid,
    ...(describedBy ? { "aria-describedby": describedBy } : {}),
  };
}

export function textOf(value: Json | undefined): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : writeJson(value);
}

/** What the run gets if the field stays empty. */
function placeholderOf({ field, value }: EditorProps): string {
  if (value === null) return "null";
  if (field.default !== undefined && field.default !== null) return `Default: ${textOf(field.default)}`;
  return field.example === undefined || field.example === null ? "" : `For example ${textOf(field.example)}`;
}
