import type { Json } from "@/json/exact";
import { Checkbox, Select, TextInput } from "@/ui/Field";
import styles from "./editors.module.css";
import { MultiSelect } from "./MultiSelect";
import { controlProps, textOf } from "./texts";
import type { EditorProps } from "./types";

export function CheckboxField(props: EditorProps) {
  const { id, value, onChange, isDisabled, describedBy } = props;
  const isOn = typeof value === "boolean" ? value : false;
  return (
    <Checkbox
      id={id}
      checked={isOn}
      disabled={isDisabled}
      aria-describedby={describedBy}
      onChange={onChange}
      label={
        value === undefined || value === null ? <span className={styles.unset}>Not set</span> : isOn ? "On" : "Off"
      }
    />
  );
}

/** One of the values of an enumeration; with suggestions only, any text. */
export function SelectField(props: EditorProps) {
  const { field, value, onChange } = props;
  if (!field.enum) return <SuggestedField {...props} />;
  const titles = field.enumTitles ?? [];
  const options = field.enum.map((each, index) => [each, titles[index] ?? each] as const);
  const current = textOf(value);
  const isKnown = field.enum.includes(current);
  const unset = field.default === undefined ? "Not set" : "The schema’s default";
  return (
    <Select
      {...controlProps(props)}
      value={current}
      options={[
        ...(isKnown && field.default !== undefined ? [] : [["", unset] as const]),
        ...(isKnown || current === "" ? [] : [[current, `${current} (not in the list)`] as const]),
        ...options,
      ]}
      onChange={(chosen) => onChange(chosen === "" ? undefined : chosen)}
    />
  );
}

function SuggestedField(props: EditorProps) {
  const { id, field, value, onChange } = props;
  const titles = field.enumTitles ?? [];
  return (
    <>
      <TextInput
        {...controlProps(props)}
        list={`${id}-suggestions`}
        autoComplete="off"
        value={textOf(value)}
        placeholder={textOf(field.default)}
        onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
      />
      <datalist id={`${id}-suggestions`}>
        {(field.enumSuggestedValues ?? []).map((each, index) => (
          <option key={each} value={each}>
            {titles[index] ?? each}
          </option>
        ))}
      </datalist>
    </>
  );
}

/** Several values of an enumeration; with suggestions only, any texts. */
export function MultiSelectField(props: EditorProps) {
  const { field, value, onChange } = props;
  const items = field.items ?? {};
  const values = items.enum ?? items.enumSuggestedValues ?? [];
  const titles = items.enumTitles ?? [];
  return (
    <MultiSelect
      {...props}
      options={values.map((each, index) => ({ value: each, title: titles[index] ?? each }))}
      acceptsOthers={items.enum === undefined}
      chosen={textsOf(value)}
      prompt={`Add ${aOrAn(props.label)}`}
      onChosen={(chosen) => onChange(valuesOf(chosen, value))}
    />
  );
}

export function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

/** The chosen values. Those that were in the list before stay as they are, even if they are not texts. */
export function valuesOf(chosen: string[], before: Json | undefined): Json | undefined {
  const known = Array.isArray(before) ? before : [];
  return chosen.length === 0 ? undefined : chosen.map((text) => known.find((each) => textOf(each) === text) ?? text);
}

function aOrAn(label: string): string {
  const word = label.toLowerCase().replace(/s$/, "");
  return `${/^[aeiou]/.test(word) ? "an" : "a"} ${word}`;
}
