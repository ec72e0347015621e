import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { createStorage, pagePath, type StorageKind } from "@/api/storageRecords";
import { KINDS } from "@/storages/kinds";
import { ConfirmDialog } from "@/ui/Dialog";
import { Field, TextInput } from "@/ui/Field";

/** Creates a named storage, and opens its page. */
export function CreateStorageDialog({ kind, onClose }: { kind: StorageKind; onClose: () => void }) {
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { word, purpose } = KINDS[kind];
  const id = useId();
  const create = async () => {
    if (name.trim() === "") throw new Error(`Enter a name for the ${word}.`);
    const storage = await createStorage(kind, name.trim());
    await queries.invalidateQueries({ queryKey: [kind, "list"] });
    await navigate({ href: pagePath(kind, storage.id) });
  };
  return (
    <ConfirmDialog
      title={`Create a ${word}`}
      description={purpose}
      action={`Create the ${word}`}
      onConfirm={create}
      onClose={onClose}
    >
      <Field label="Name" htmlFor={id} note="Letters, digits and hyphens. If one has this name already, it opens.">
        <TextInput id={id} value={name} autoComplete="off" onChange={(event) => setName(event.target.value)} />
      </Field>
    </ConfirmDialog>
  );
}
