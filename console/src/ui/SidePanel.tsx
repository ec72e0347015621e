import { ChevronDown, ChevronUp, X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { KeyboardEvent, ReactNode } from "react";
import { IconButton } from "@/ui/Button";
import styles from "./SidePanel.module.css";

type Props = {
  title: string;
  note?: ReactNode;
  onClose: () => void;
  /** Show the one before or after; undefined at the ends. */
  onPrevious?: (() => void) | undefined;
  onNext?: (() => void) | undefined;
  actions?: ReactNode;
  children: ReactNode;
};

/** The details of a row, beside its table, which stays usable. On a telephone it covers the page. */
export function SidePanel({ title, note, onClose, onPrevious, onNext, actions, children }: Props) {
  const press = (event: KeyboardEvent) => {
    if (event.key === "j") onNext?.();
    if (event.key === "k") onPrevious?.();
  };
  return (
    <Radix.Root open modal={false} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Content
          className={styles.panel}
          aria-describedby={undefined}
          onKeyDown={press}
          onInteractOutside={(event) => event.preventDefault()}
        >
          <div className={styles.head}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            {note && <span className={styles.note}>{note}</span>}
            <span className={styles.buttons}>
              {actions}
              <IconButton
                variant="quiet"
                small
                label="Previous"
                icon={<ChevronUp aria-hidden />}
                disabled={!onPrevious}
                onClick={onPrevious}
              />
              <IconButton
                variant="quiet"
                small
                label="Next"
                icon={<ChevronDown aria-hidden />}
                disabled={!onNext}
                onClick={onNext}
              />
              <IconButton variant="quiet" small label="Close" icon={<X aria-hidden />} onClick={onClose} />
            </span>
          </div>
          <div className={styles.body}>{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
