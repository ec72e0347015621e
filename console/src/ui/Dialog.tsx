import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { messageOf } from "@/api/errors";
import { Button } from "@/ui/Button";
import styles from "./Dialog.module.css";
import { ErrorNote } from "./ErrorNote";

type DialogProps = {
  /** Verb and object, such as `Abort 2 runs?`. */
  title: string;
  /** What will happen, in one sentence. */
  description?: ReactNode;
  onClose: () => void;
  children?: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
};

export function Dialog({ title, description, onClose, children, footer, wide = false }: DialogProps) {
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content
          className={styles.dialog}
          data-wide={wide}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <Radix.Title className={styles.title}>{title}</Radix.Title>
          {description && <Radix.Description className={styles.description}>{description}</Radix.Description>}
          {children && <div className={styles.body}>{children}</div>}
          {footer && <div className={styles.footer}>{footer}</div>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

type ConfirmProps = Omit<DialogProps, "footer"> & {
  /** The verb of the title again, such as `Abort 2 runs`. */
  action: string;
  isDangerous?: boolean;
  /** Text that has to be typed first, such as the name of what is deleted. */
  confirmation?: string;
  onConfirm: () => Promise<unknown>;
};

/** A dialog that confirms an action, shows its error, and closes after its success. */
export function ConfirmDialog({ action, isDangerous, confirmation, onConfirm, children, ...dialog }: ConfirmProps) {
  const [error, setError] = useState<string | null>(null);
  const [isPending, setPending] = useState(false);
  const [typed, setTyped] = useState("");
  const confirm = async () => {
    setPending(true);
    try {
      await onConfirm();
      dialog.onClose();
    } catch (cause) {
      setError(messageOf(cause));
      setPending(false);
    }
  };
  const footer = (
    <>
      <Button onClick={dialog.onClose}>Cancel</Button>
      <Button
        variant={isDangerous ? "danger" : "primary"}
        isPending={isPending}
        needsServer
        disabled={confirmation !== undefined && typed !== confirmation}
        onClick={confirm}
      >
        {action}
      </Button>
    </>
  );
  return (
    <Dialog {...dialog} footer={footer}>
      {children}
      {confirmation !== undefined && (
        <label className={styles.confirmation}>
          Type <b>{confirmation}</b> to confirm
          <input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" />
        </label>
      )}
      {error && <ErrorNote title={error} />}
    </Dialog>
  );
}
