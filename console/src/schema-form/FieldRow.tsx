import { clsx } from "clsx";
import { useState } from "react";
import type { Json } from "@/json/exact";
import { Checkbox, FieldError } from "@/ui/Field";
import { EDITORS } from "./editors";
import { SecretField } from "./editors/SecretField";
import styles from "./SchemaForm.module.css";
import { editorOf, isEncrypted, type NamedField, plainText, titleOf, typeOf } from "./schema";

type Props = {
  id: string;
  named: NamedField;
  value: Json | undefined;
  isRequired: boolean;
  problem: string | undefined;
  isDisabled: boolean;
  /** A property of an object: the label stands above the control. */
  isNested?: boolean;
  onChange: (value: Json | undefined) => void;
  onProblem: (problem: string) => void;
};

/** A field of the form: label and description, its editor, and what is wrong with its value. */
export function FieldRow(props: Props) {
  const { id, named, value, isRequired, problem, isDisabled, isNested, onChange, onProblem } = props;
  const { name, field } = named;
  const label = titleOf(named);
  const kind = editorOf(field);
  const description = field.description ? plainText(field.description) : "";
  const described = [description && `${id}-note`, problem && `${id}-error`].filter(Boolean).join(" ");
  const editorProps = {
    ...{ id, label, field, value, onChange, onProblem, isDisabled },
    isInvalid: problem !== undefined,
    describedBy: described || undefined,
  };
  const Editor = EDITORS[kind];
  // An editor forgets what it shows when a null replaces it.
  const [generation, setGeneration] = useState(0);
  const changeNull = (next: Json | undefined) => {
    setGeneration(generation + 1);
    onChange(next);
  };
  const hasMultipleTypes = typeOf(field) === undefined && kind !== "unknown";
  return (
    <div className={clsx(styles.field, isNested && styles.nested)} data-field={name}>
      <div className={styles.label}>
        <label htmlFor={id} title={name}>
          {label}
          {isRequired && (
            <span className={styles.required} title="Required">
              {" *"}
            </span>
          )}
        </label>
        {description && (
          <p id={`${id}-note`} className={styles.note}>
            {description}
          </p>
        )}
        {field.nullable && <NullBox label={label} value={value} isDisabled={isDisabled} onChange={changeNull} />}
      </div>
      <div className={styles.control} key={generation}>
        {hasMultipleTypes ? (
          <EDITORS.json {...editorProps} />
        ) : field.isSecret || isEncrypted(value) ? (
          <SecretField {...editorProps} inner={Editor} />
        ) : (
          <Editor {...editorProps} />
        )}
        {problem && <FieldError id={`${id}-error`}>{problem}</FieldError>}
      </div>
    </div>
  );
}

type NullProps = Pick<Props, "value" | "isDisabled" | "onChange"> & { label: string };

/** Whether the run gets null, which is another value than none. */
function NullBox({ label, value, isDisabled, onChange }: NullProps) {
  return (
    <Checkbox
      className={styles.null ?? ""}
      label="Pass null"
      aria-label={`Pass null as ${label}`}
      checked={value === null}
      disabled={isDisabled}
      onChange={(isNull) => onChange(isNull ? null : undefined)}
    />
  );
}
