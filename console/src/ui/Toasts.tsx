import { X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { Button, IconButton } from "@/ui/Button";
import { useStore } from "@/ui/store";
import { closeToast, type Toast, toasts } from "@/ui/toasts";
import styles from "./Toasts.module.css";

const SHOWN_MILLIS = 6000;

/** The place of all toasts, at the bottom right. */
export function Toasts() {
  const shown = useStore(toasts);
  return (
    <Radix.Provider swipeDirection="right">
      {shown.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
      <Radix.Viewport className={styles.place} />
    </Radix.Provider>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const isError = toast.kind === "error";
  return (
    <Radix.Root
      className={styles.toast}
      data-kind={toast.kind}
      type={isError ? "foreground" : "background"}
      duration={isError ? Number.POSITIVE_INFINITY : SHOWN_MILLIS}
      onOpenChange={(open) => !open && closeToast(toast.id)}
    >
      <Radix.Description className={styles.text}>{toast.text}</Radix.Description>
      {toast.action && (
        <Radix.Action asChild altText={toast.action.label}>
          <Button small onClick={toast.action.run}>
            {toast.action.label}
          </Button>
        </Radix.Action>
      )}
      <Radix.Close asChild>
        <IconButton variant="quiet" small label="Close" icon={<X aria-hidden />} />
      </Radix.Close>
    </Radix.Root>
  );
}
