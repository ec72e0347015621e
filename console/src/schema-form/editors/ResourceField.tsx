import { useQuery } from "@tanstack/react-query";
import { type StorageKind, storageChoicesQuery } from "@/api/storageRecords";
import { shortTime } from "@/format/times";
import { KINDS } from "@/storages/kinds";
import { textsOf, valuesOf } from "./choices";
import { MultiSelect, type Option } from "./MultiSelect";
import { textOf } from "./texts";
import type { EditorProps } from "./types";

/** The kinds of storages by their names in input schemas. */
const BY_RESOURCE_TYPE: Record<string, StorageKind | undefined> = {
  dataset: "dataset",
  keyValueStore: "key-value-store",
  requestQueue: "request-queue",
};

function kindOf({ field }: EditorProps): StorageKind {
  return BY_RESOURCE_TYPE[field.resourceType ?? ""] ?? "dataset";
}

/** One storage, chosen by its name; the value is its id. */
export function ResourceField(props: EditorProps) {
  const kind = kindOf(props);
  const { value, onChange } = props;
  return (
    <MultiSelect
      {...props}
      options={useStorageOptions(kind)}
      acceptsOthers
      most={1}
      chosen={value === undefined || value === null ? [] : [textOf(value)]}
      prompt={`Choose a ${KINDS[kind].word}, or type an ID or name`}
      onChosen={([chosen]) => onChange(chosen)}
    />
  );
}

export function ResourcesField(props: EditorProps) {
  const kind = kindOf(props);
  const { value, onChange } = props;
  return (
    <MultiSelect
      {...props}
      options={useStorageOptions(kind)}
      acceptsOthers
      chosen={textsOf(value)}
      prompt={`Add a ${KINDS[kind].word}`}
      onChosen={(chosen) => onChange(valuesOf(chosen, value))}
    />
  );
}

/** Storages with a name come first. */
function useStorageOptions(kind: StorageKind): Option[] {
  const storages = useQuery(storageChoicesQuery(kind)).data ?? [];
  const options = storages.map(({ id, name, modifiedAt }) => ({
    value: id,
    title: name || id,
    note: name ? id : `no name, changed ${shortTime(modifiedAt)}`,
    isNamed: Boolean(name),
  }));
  return options.sort((a, b) => Number(b.isNamed) - Number(a.isNamed));
}
