import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { isObject, type Json, type JsonObject } from "@/json/exact";
import { Button, IconButton } from "@/ui/Button";
import { FieldRow } from "../FieldRow";
import { editorOf, type FieldSchema, typeOf } from "../schema";
import { type Parsed, useDraft } from "../values/draft";
import { JsonField } from "./JsonField";
import { StringListField } from "./RowsField";
import styles from "./SchemaBasedField.module.css";
import type { EditorProps } from "./types";

/** An object with a field for each property, or a list of such objects. */
export function SchemaBasedField(props: EditorProps) {
  const { field } = props;
  const type = typeOf(field);
  if (type === "object" && field.properties) return <ObjectFields {...props} properties={field.properties} />;
  if (type === "array" && field.items?.properties) return <ObjectList {...props} item={field.items} />;
  return type === "array" && field.items?.type === "string" ? <StringListField {...props} /> : <JsonField {...props} />;
}

type Properties = Record<string, FieldSchema>;

function ObjectFields({ properties, ...props }: EditorProps & { properties: Properties }) {
  const { id, field, value, isDisabled } = props;
  const object = isObject(value) ? value : {};
  const parts = usePartProblems<string>(props);
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
          problem={parts.problems.get(name)}
          isDisabled={isDisabled}
          isNested
          onChange={(next) => parts.change(name, withProperty(object, name, next))}
          onProblem={(problem) => parts.report(name, problem)}
        />
      ))}
    </div>
  );
}

function ObjectList({ item, ...props }: EditorProps & { item: FieldSchema }) {
  const { id, label, isDisabled } = props;
  const parts = usePartProblems<number>(props);
  const [items, setItems] = useDraft<ListItem[]>({ ...props, format: formatItems, parse: parseItems });
  const change = (next: ListItem[], changed: ListItem) => {
    setItems(next);
    parts.mend(changed.id);
  };
  return (
    <div className={styles.list}>
      {items.map((each, index) => (
        <div key={each.id} className={styles.item}>
          <div className={styles.head}>
            <span>{index + 1}</span>
            <IconButton
              variant="quiet"
              small
              label={`Remove item ${index + 1} of ${label}`}
              icon={<Trash2 aria-hidden />}
              disabled={isDisabled}
              onClick={() => change(without(items, each), each)}
            />
          </div>
          <ObjectFields
            {...props}
            id={index === 0 ? id : `${id}-${index}`}
            field={item}
            properties={item.properties ?? {}}
            value={each.value}
            onChange={(value) => change(withValue(items, each, value ?? {}), each)}
            onProblem={(problem) => parts.report(each.id, problem)}
          />
        </div>
      ))}
      <Button
        small
        {...(items.length === 0 ? { id } : {})}
        icon={<Plus aria-hidden />}
        className={styles.add ?? ""}
        disabled={isDisabled}
        onClick={() => {
          const added = newItem(initialItem(item));
          change([...items, added], added);
        }}
      >
        Add
      </Button>
    </div>
  );
}

/** The problems of the parts of a value. The field itself has the first one, until all parts are mended. */
function usePartProblems<Key>({ onChange, onProblem }: EditorProps) {
  const [problems, setProblems] = useState<ReadonlyMap<Key, string>>(new Map());
  /** The field has a new value, which ends its problem: those of the other parts are reported again. */
  const mend = (part: Key) => {
    const rest = new Map([...problems].filter(([key]) => key !== part));
    setProblems(rest);
    const [first] = rest.values();
    if (first !== undefined) onProblem(first);
  };
  return {
    problems,
    mend,
    change: (part: Key, value: Json) => {
      onChange(value);
      mend(part);
    },
    report: (part: Key, problem: string) => {
      setProblems(new Map(problems).set(part, problem));
      onProblem(problem);
    },
  };
}

/** An item with an identity, so that its editors follow it when an item before it is removed. */
type ListItem = { id: number; value: Json };

let nextId = 1;

function newItem(value: Json): ListItem {
  return { id: nextId++, value };
}

function formatItems(value: Json | undefined): ListItem[] {
  return Array.isArray(value) ? value.map(newItem) : [];
}

function parseItems(items: ListItem[]): Parsed {
  return { value: items.length === 0 ? undefined : items.map(({ value }) => value) };
}

function without(items: ListItem[], { id }: ListItem): ListItem[] {
  return items.filter((each) => each.id !== id);
}

function withValue(items: ListItem[], { id }: ListItem, value: Json): ListItem[] {
  return items.map((each) => (each.id === id ? { id, value } : each));
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
