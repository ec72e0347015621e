import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button, IconButton } from "@/ui/Button";
import { FieldRow } from "../FieldRow";
import { editorOf, type FieldSchema, isObject, type Json, type JsonObject } from "../schema";
import { JsonField } from "./JsonField";
import { StringListField } from "./RowsField";
import styles from "./SchemaBasedField.module.css";
import type { EditorProps } from "./types";

/** An object with a field for each property, or a list of such objects. */
export function SchemaBasedField(props: EditorProps) {
  const { field } = props;
  if (field.type === "object" && field.properties) return <ObjectFields {...props} properties={field.properties} />;
  if (field.type === "array" && field.items?.properties) return <ObjectList {...props} item={field.items} />;
  return field.type === "array" && field.items?.type === "string" ? (
    <StringListField {...props} />
  ) : (
    <JsonField {...props} />
  );
}

type Properties = Record<string, FieldSchema>;

function ObjectFields({ properties, ...props }: EditorProps & { properties: Properties }) {
  const { id, field, value, onChange, onProblem } = props;
  const object = isObject(value) ? value : {};
  const [problems, setProblems] = useState<Record<string, string>>({});
  const setProblem = (name: string, problem: string | null) => {
    const { [name]: _, ...others } = problems;
    const next = problem === null ? others : { ...others, [name]: problem };
    setProblems(next);
    onProblem(Object.values(next)[0] ?? null);
  };
  const shown = Object.entries(properties).filter(([, property]) => editorOf(property) !== "hidden");
  return (
    <div className={styles.object}>
      {shown.map(([name, property], index) => (
        <FieldRow
          key={name}
          id={index === 0 ? id : `${id}.${name}`}
          named={{ name, field: property }}
          isRequired={(field.required ?? []).includes(name)}
          value={object[name]}
          problem={problems[name]}
          isDisabled={props.isDisabled}
          isNested
          onChange={(next) => onChange(withProperty(object, name, next))}
          onProblem={(problem) => setProblem(name, problem)}
        />
      ))}
    </div>
  );
}

function ObjectList({ item, ...props }: EditorProps & { item: FieldSchema }) {
  const { id, label, value, onChange, isDisabled } = props;
  const items = Array.isArray(value) ? value : [];
  const change = (next: Json[]) => onChange(next.length === 0 ? undefined : next);
  return (
    <div className={styles.list}>
      {items.map((each, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no identity; their fields follow the value
        <div key={index} className={styles.item}>
          <div className={styles.head}>
            <span>{index + 1}</span>
            <IconButton
              variant="quiet"
              small
              label={`Remove item ${index + 1} of ${label}`}
              icon={<Trash2 aria-hidden />}
              disabled={isDisabled}
              onClick={() => change(items.filter((_, position) => position !== index))}
            />
          </div>
          <ObjectFields
            {...props}
            id={index === 0 ? id : `${id}-${index}`}
            field={item}
            properties={item.properties ?? {}}
            value={each}
            onChange={(next) => change(items.map((other, position) => (position === index ? (next ?? {}) : other)))}
          />
        </div>
      ))}
      <Button
        small
        {...(items.length === 0 ? { id } : {})}
        icon={<Plus aria-hidden />}
        className={styles.add ?? ""}
        disabled={isDisabled}
        onClick={() => change([...items, initialItem(item)])}
      >
        Add
      </Button>
    </div>
  );
}

function initialItem(item: FieldSchema): JsonObject {
  const entries = Object.entries(item.properties ?? {}).flatMap(([name, property]): [string, Json][] => {
    const value = property.prefill ?? property.default;
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

function withProperty(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  const { [name]: _, ...others } = object;
  return value === undefined ? others : { ...object, [name]: value };
}
