import { useQuery } from "@tanstack/react-query";
import { Download, Link, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { isNotFound } from "@/api/errors";
import type { StorageRecord } from "@/api/storageRecords";
import { deleteRecord, type RecordInfo, recordInfoQuery, recordPath } from "@/api/storeRecords";
import { bytes } from "@/format/numbers";
import { Button, buttonClass, IconButton } from "@/ui/Button";
import { copyText } from "@/ui/CopyButton";
import { ConfirmDialog } from "@/ui/Dialog";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { showToast } from "@/ui/toasts";
import { previewOf } from "./preview";
import { RecordEditor } from "./RecordEditor";
import { RecordPreview } from "./RecordPreview";
import styles from "./Store.module.css";

type Props = {
  store: StorageRecord;
  recordKey: string;
  /** The address of the record that can be shared; undefined while its key is not in the list. */
  link: string | undefined;
  onChanged: () => void;
  onDeleted: () => void;
};

/** One record: type, size, content, and what can be done with it. */
export function RecordView(props: Props) {
  const { store, recordKey } = props;
  const { data: info, error, refetch } = useQuery(recordInfoQuery(store.id, recordKey));
  const [isEditing, setEditing] = useState(false);
  if (isNotFound(error)) return <p className={styles.none}>The store has no record with the key {recordKey}.</p>;
  if (error && !info) return <QueryError error={error} refetch={refetch} />;
  if (!info) return <Skeleton lines={6} />;
  return (
    <>
      <RecordHead {...props} info={info} isEditing={isEditing} onEdit={() => setEditing(true)} />
      {isEditing ? (
        <RecordEditor
          storeId={store.id}
          recordKey={recordKey}
          info={info}
          onClose={() => {
            setEditing(false);
            props.onChanged();
          }}
        />
      ) : (
        <RecordPreview storeId={store.id} recordKey={recordKey} info={info} />
      )}
    </>
  );
}

type HeadProps = Props & { info: RecordInfo; isEditing: boolean; onEdit: () => void };

function RecordHead({ store, recordKey, link, info, isEditing, onEdit, onChanged, onDeleted }: HeadProps) {
  const [isDeleting, setDeleting] = useState(false);
  const isText = ["json", "text", "html"].includes(previewOf(info));
  const copyLink = async () => {
    if (link && (await copyText(link))) showToast({ kind: "done", text: "Copied the address of the record." });
  };
  return (
    <div className={styles.head}>
      <h2 className={styles.title}>{recordKey}</h2>
      <span className={styles.quiet}>
        {info.contentType} · {bytes(info.size)}
      </span>
      <span className={styles.actions}>
        {isText && !isEditing && (
          <Button variant="quiet" small icon={<Pencil aria-hidden />} onClick={onEdit}>
            Edit
          </Button>
        )}
        {link && (
          <IconButton
            variant="quiet"
            small
            label={link.includes("signature=") ? "Copy signed address" : "Copy address"}
            icon={<Link aria-hidden />}
            onClick={copyLink}
          />
        )}
        <a className={buttonClass("quiet", true)} href={`${recordPath(store.id, recordKey)}?attachment=1`} download>
          <Download aria-hidden />
          Download
        </a>
        <IconButton
          variant="quiet"
          small
          label="Delete the record"
          icon={<Trash2 aria-hidden />}
          onClick={() => setDeleting(true)}
        />
      </span>
      {isDeleting && (
        <ConfirmDialog
          title={`Delete ${recordKey}?`}
          description="The record is deleted from the store. This cannot be undone."
          action="Delete the record"
          isDangerous
          onConfirm={async () => {
            await deleteRecord(store.id, recordKey);
            onDeleted();
            onChanged();
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </div>
  );
}
