import { clsx } from "clsx";
import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import { type PointerEvent, type ReactElement, type ReactNode, useRef, useState } from "react";
import { useOfflineReason } from "@/live/connection";
import styles from "./Menu.module.css";

type MenuProps = {
  trigger: ReactElement;
  children: ReactNode;
  label?: string;
  align?: "start" | "end";
  isOpenAtFirst?: boolean;
};

/** A menu that opens at its trigger, a single button. */
export function Menu({ trigger, children, label, align = "end", isOpenAtFirst = false }: MenuProps) {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  const onTap = useTap(isOpen, setOpen);
  return (
    <Radix.Root modal={false} open={isOpen} onOpenChange={setOpen}>
      <Radix.Trigger asChild {...onTap}>
        {trigger}
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.menu} align={align} sideOffset={4} collisionPadding={8}>
          {label && <Radix.Label className={styles.label}>{label}</Radix.Label>}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/**
 * A tap opens a menu when it ends, and closes one that was open when it began. A sheet that opened when the tap began
 * would lie under the finger, and get the click.
 */
function useTap(isOpen: boolean, setOpen: (isOpen: boolean) => void) {
  const next = useRef<boolean | null>(null);
  return {
    onPointerDown: (event: PointerEvent) => {
      next.current = event.pointerType === "touch" ? !isOpen : null;
      if (next.current !== null) event.preventDefault();
    },
    onClick: () => next.current !== null && setOpen(next.current),
  };
}

type ItemProps = {
  icon?: ReactNode;
  /** A note at the right, such as a size or a key. */
  note?: ReactNode;
  isDangerous?: boolean;
  disabled?: boolean;
  /** It sends an order, so it is disabled while the server does not answer. */
  needsServer?: boolean;
  onSelect: () => void;
  children: ReactNode;
};

export function MenuItem({
  icon,
  note,
  isDangerous,
  disabled = false,
  needsServer = false,
  onSelect,
  children,
}: ItemProps) {
  const offline = useOfflineReason();
  const isOff = needsServer && offline !== null;
  return (
    <Radix.Item
      className={clsx(styles.item, isDangerous && styles.dangerous)}
      disabled={disabled || isOff}
      {...(isOff ? { title: offline } : {})}
      onSelect={() => onSelect()}
    >
      {icon}
      <span className={styles.text}>{children}</span>
      {note && <span className={styles.note}>{note}</span>}
    </Radix.Item>
  );
}

type CheckItemProps = { isChecked: boolean; onChange: (isChecked: boolean) => void; children: ReactNode };

/** An option that stays in the open menu when it is switched. */
export function MenuCheckItem({ isChecked, onChange, children }: CheckItemProps) {
  return (
    <Radix.CheckboxItem
      className={styles.item}
      checked={isChecked}
      onCheckedChange={onChange}
      onSelect={(event) => event.preventDefault()}
    >
      <span className={styles.box} data-checked={isChecked} aria-hidden>
        {isChecked && <Check />}
      </span>
      <span className={styles.text}>{children}</span>
    </Radix.CheckboxItem>
  );
}

export function MenuSeparator() {
  return <Radix.Separator className={styles.separator} />;
}
