import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Copy, Ellipsis, Globe, Link, Pencil, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import {
  changeStorage,
  deleteStorage,
  type GeneralAccess,
  pagePath,
  type StorageKind,
  type StorageRecord,
} from "@/api/storageRecords";
import { IconButton } from "@/ui/Button";
import { copyText } from "@/ui/CopyButton";
import { ConfirmDialog } from "@/ui/Dialog";
import { Field, Select, TextInput } from "@/ui/Field";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { showToast } from "@/ui/toasts";
import { KINDS, nameOf } from "./kinds";

type Props = { kind: StorageKind; storage: StorageRecord };
type DialogProps = Props & { onClose: () => void };

const DIALOGS = { rename: RenameDialog, access: AccessDialog, delete: DeleteDialog };

/** What can be changed about a storage. */
export function StorageMenu({ kind, storage }: Props) {
  const [dialog, setDialog] = useState<keyof typeof DIALOGS | null>(null);
  const OpenDialog = dialog && DIALOGS[dialog];
  const link = storage.itemsPublicUrl ?? storage.keysPublicUrl;
  return (
    <>
      <Menu trigger={<IconButton label="More actions" icon={<Ellipsis aria-hidden />} />}>
        <MenuItem icon={<Pencil />} onSelect={() => setDialog("rename")}>
          {storage.name ? "Rename" : "Give a name"}
        </MenuItem>
        <MenuItem icon={<Globe />} onSelect={() => setDialog("access")}>
          Change access
        </MenuItem>
        {link && (
          <MenuItem icon={<Link />} onSelect={() => void copyLink(link)}>
            {link.includes("signature=") ? "Copy signed link" : "Copy public link"}
          </MenuItem>
        )}
        <MenuItem icon={<Copy />} onSelect={() => void copyText(storage.id)}>
          Copy ID
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Trash2 />} isDangerous onSelect={() => setDialog("delete")}>
          Delete
        </MenuItem>
      </Menu>
      {OpenDialog && <OpenDialog kind={kind} storage={storage} onClose={() => setDialog(null)} />}
    </>
  );
}

async function copyLink(link: string): Promise<void> {
  if (!(await copyText(link))) return;
  const text = link.includes("signature=")
    ? "Copied the link. Everyone who has it can read the content for 14 days."
    : "Copied the link. Everyone who has it can read the content.";
  showToast({ kind: "done", text });
}

function RenameDialog({ kind, storage, onClose }: DialogProps) {
  const queries = useQueryClient();
  const [name, setName] = useState(storage.name ?? "");
  const id = useId();
  return (
    <ConfirmDialog
      title={`Rename ${nameOf(storage)}`}
      description={`A ${KINDS[kind].word} without a name is deleted some days after its last use.`}
      action="Rename"
      onConfirm={() => changeStorage(queries, kind, storage.id, { name: name.trim() || null })}
      onClose={onClose}
    >
      <Field label="Name" htmlFor={id} note="Letters, digits and hyphens. Empty removes the name.">
        <TextInput id={id} value={name} autoComplete="off" onChange={(event) => setName(event.target.value)} />
      </Field>
    </ConfirmDialog>
  );
}

const ACCESSES: [GeneralAccess, string][] = [
  ["FOLLOW_USER_SETTING", "As the setting of the user"],
  ["RESTRICTED", "Only with a token"],
  ["ANYONE_WITH_ID_CAN_READ", "Anyone with the ID can read"],
  ["ANYONE_WITH_NAME_CAN_READ", "Anyone with the ID or the name can read"],
];

function AccessDialog({ kind, storage, onClose }: DialogProps) {
  const queries = useQueryClient();
  const [access, setAccess] = useState(storage.generalAccess);
  const id = useId();
  return (
    <ConfirmDialog
      title={`Change the access to ${nameOf(storage)}`}
      description="This decides who can read it without a token of its owner."
      action="Change the access"
      onConfirm={() => changeStorage(queries, kind, storage.id, { generalAccess: access })}
      onClose={onClose}
    >
      <Field label="Access" htmlFor={id}>
        <Select id={id} value={access} options={ACCESSES} onChange={(value) => setAccess(value as GeneralAccess)} />
      </Field>
    </ConfirmDialog>
  );
}

function DeleteDialog({ kind, storage, onClose }: DialogProps) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { word, title } = KINDS[kind];
  return (
    <ConfirmDialog
      title={`Delete ${nameOf(storage)}?`}
      description={`Everything in the ${word} is deleted. This cannot be undone.`}
      action={`Delete the ${word}`}
      isDangerous
      {...(storage.name ? { confirmation: storage.name } : {})}
      onConfirm={async () => {
        await deleteStorage(queries, kind, storage.id);
        showToast({ kind: "done", text: `${title} ${nameOf(storage)} was deleted.` });
        await navigate({ href: pagePath(kind) });
      }}
      onClose={onClose}
    />
  );
}
