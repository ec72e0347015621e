import { clsx } from "clsx";
import { ChevronDown } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { Button, IconButton } from "@/ui/Button";
import { Menu } from "@/ui/Menu";
import styles from "./SplitButton.module.css";

type Props = ComponentProps<typeof Button> & {
  variant: "primary" | "secondary";
  /** The variants of what the button does, as items of a menu that its second part opens. */
  menu: ReactNode;
  menuLabel: string;
};

/** A button with one usual effect, and beside it a menu with other ways to do the same. */
export function SplitButton({ menu, menuLabel, ...button }: Props) {
  const { variant, needsServer, isPending } = button;
  const toggle = (
    <IconButton
      label={menuLabel}
      icon={<ChevronDown aria-hidden />}
      variant={variant}
      {...(needsServer === undefined ? {} : { needsServer })}
      disabled={isPending}
    />
  );
  return (
    <span className={clsx(styles.split, styles[variant])}>
      <Button {...button} />
      <Menu trigger={toggle}>{menu}</Menu>
    </span>
  );
}
