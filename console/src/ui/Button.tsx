import { clsx } from "clsx";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { useOfflineReason } from "@/live/connection";
import styles from "./Button.module.css";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  /** `primary`: the one main action of a page. `quiet`: without a border. */
  variant?: "primary" | "secondary" | "quiet" | "danger";
  small?: boolean;
  icon?: ReactNode;
  /** An order was sent whose result is not known yet. */
  isPending?: boolean;
  /** It sends an order, so it is disabled while the server does not answer. */
  needsServer?: boolean;
};

export function Button({
  variant = "secondary",
  small,
  icon,
  isPending,
  needsServer = false,
  className,
  children,
  ...rest
}: Props) {
  const offline = useOfflineReason();
  const isOff = needsServer && offline !== null;
  return (
    <button
      type="button"
      {...rest}
      {...(isOff ? { title: offline } : {})}
      disabled={rest.disabled || isPending || isOff}
      aria-busy={isPending || undefined}
      className={clsx(styles.button, styles[variant], small && styles.small, className)}
    >
      {icon}
      {children}
    </button>
  );
}

/** A button with only an icon. `label` names it for screen readers and as its tooltip. */
export function IconButton({
  label,
  icon,
  className,
  ...rest
}: Omit<Props, "icon"> & { label: string; icon: ReactNode }) {
  return (
    <Button {...rest} aria-label={label} title={label} className={clsx(styles.iconOnly, className)}>
      {icon}
    </Button>
  );
}

/** The look of a button for links: `<Link className={buttonClass("secondary")}>`. */
export function buttonClass(variant: NonNullable<Props["variant"]> = "secondary", small = false): string {
  return clsx(styles.button, styles[variant], small && styles.small);
}
