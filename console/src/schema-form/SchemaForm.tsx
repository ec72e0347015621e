import { ChevronDown, ChevronRight } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { plural } from "@/format/numbers";
import { FieldRow } from "./FieldRow";
import styles from "./SchemaForm.module.css";
import { type InputSchema, type NamedField, plainText, type Section, sectionsOf, titleOf } from "./schema";
import type { InputForm } from "./useInputForm";

type Props = { form: InputForm; schema: InputSchema; isDisabled?: boolean; idPrefix?: string };

/** All fields of an input schema, in sections that collapse. */
export function SchemaForm({ form, schema, isDisabled = false, idPrefix = "input" }: Props) {
  const sections = useMemo(() => sectionsOf(schema), [schema]);
  return (
    <div className={styles.form}>
      {sections.map((section, index) => (
        <SectionFields
          // biome-ignore lint/suspicious/noArrayIndexKey: sections have a fixed order, and captions can repeat
          key={index}
          section={section}
          form={form}
          required={schema.required ?? []}
          isDisabled={isDisabled || form.jsonError !== null}
          idPrefix={idPrefix}
        />
      ))}
    </div>
  );
}

type SectionProps = { section: Section; form: InputForm; required: string[]; isDisabled: boolean; idPrefix: string };

/** A section is open if it has a value, or a problem was found in it. */
function SectionFields({ section, form, required, isDisabled, idPrefix }: SectionProps) {
  const { caption, description, fields } = section;
  const filled = fields.filter(({ name }) => form.input[name] !== undefined).length;
  const wrong = fields.filter(({ name }) => form.problems.fields[name] !== undefined).length;
  const [isOpen, setOpen] = useState(caption === null || filled > 0 || wrong > 0);
  // A section that was opened stays in the document, so that it keeps what is not a value yet.
  const [wasOpen, setWasOpen] = useState(isOpen);
  if (isOpen && !wasOpen) setWasOpen(true);
  useOpenOnRequest(fields, () => setOpen(true));
  const Arrow = isOpen ? ChevronDown : ChevronRight;
  return (
    <section className={styles.section} data-caption={caption !== null}>
      {caption !== null && (
        <h2 className={styles.head}>
          <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <Arrow aria-hidden />
            <span className={styles.caption}>{caption}</span>
            {description && <span className={styles.note}>{plainText(description)}</span>}
            {!isOpen && (
              <span className={styles.state} data-bad={wrong > 0}>
                {stateOf(fields.length, filled, wrong)}
              </span>
            )}
          </button>
        </h2>
      )}
      {wasOpen && (
        <div className={styles.fields} hidden={!isOpen}>
          {fields.map((named) => (
            <SchemaField
              key={`${named.name}-${form.generation}`}
              named={named}
              form={form}
              isRequired={required.includes(named.name)}
              isDisabled={isDisabled}
              id={fieldId(named.name, idPrefix)}
            />
          ))}
        </div>
      )}
    </section>
  );
}

type FieldProps = { named: NamedField; form: InputForm; isRequired: boolean; isDisabled: boolean; id: string };

function SchemaField({ named, form, isRequired, isDisabled, id }: FieldProps) {
  const { name, field } = named;
  return (
    <>
      {field.groupCaption && (
        <div className={styles.group}>
          <span>{field.groupCaption}</span>
          {field.groupDescription && <span className={styles.note}>{plainText(field.groupDescription)}</span>}
        </div>
      )}
      <FieldRow
        id={id}
        named={named}
        value={form.input[name]}
        isRequired={isRequired}
        problem={form.problems.fields[name]}
        isDisabled={isDisabled}
        onChange={(value) => form.setField(name, value)}
        onProblem={(problem) => form.setDraftProblem(name, problem)}
      />
    </>
  );
}

function stateOf(fields: number, filled: number, wrong: number): string {
  if (wrong > 0) return `${plural(wrong, "field")} to correct`;
  return `${plural(fields, "field")}, ${filled === 0 ? "not set" : `${filled} set`}`;
}

function fieldId(name: string, idPrefix = "input"): string {
  return `${idPrefix}.${name}`;
}

const OPEN = "greenroom:open-field";

/** Open the section of a field, and move the focus to it. */
export function focusField(name: string, idPrefix = "input"): void {
  window.dispatchEvent(new CustomEvent(OPEN, { detail: name }));
  requestAnimationFrame(() => {
    const place = document.querySelector(`[data-field="${CSS.escape(name)}"]`);
    place?.scrollIntoView({ block: "center" });
    const control = document.getElementById(fieldId(name, idPrefix)) ?? place?.querySelector("input, button, textarea");
    if (control instanceof HTMLElement) control.focus({ preventScroll: true });
  });
}

function useOpenOnRequest(fields: NamedField[], open: () => void): void {
  useEffect(() => {
    const react = (event: Event) => {
      const name = (event as CustomEvent<string>).detail;
      if (fields.some((each) => each.name === name)) open();
    };
    window.addEventListener(OPEN, react);
    return () => window.removeEventListener(OPEN, react);
  });
}

/** The fields with a problem, in the order of the form. Hidden fields are among them. */
export function fieldsToCorrect(schema: InputSchema | null, form: InputForm): { name: string; title: string }[] {
  const entries = Object.entries(schema?.properties ?? {}).filter(([name]) => form.problems.fields[name] !== undefined);
  return entries.map(([name, field]) => ({ name, title: titleOf({ name, field }) }));
}
