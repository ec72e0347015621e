import { clsx } from "clsx";
import { ChevronsUpDown, CircleAlert, Search } from "lucide-react";
import type { ChangeEvent, ComponentPropsWithRef, InputHTMLAttributes, ReactNode, SelectHTMLAttributes } from "react";
import { useOfflineReason } from "@/live/connection";
import styles from "./Field.module.css";

type FieldProps = {
  label: ReactNode;
  htmlFor: string;
  note?: ReactNode;
  error?: string | null | undefined;
  children: ReactNode;
};

/** A label above a control, with a note or the server's error below it. */
export function Field({ label, htmlFor, note, error, children }: FieldProps) {
  return (
    <div className={styles.field}>
      <label htmlFor={htmlFor} className={styles.label}>
        {label}
      </label>
      {children}
      {note && <p className={styles.note}>{note}</p>}
      {error && <FieldError id={`${htmlFor}-error`}>{error}</FieldError>}
    </div>
  );
}

export function FieldError({ id, children }: { id: string; children: ReactNode }) {
  return (
    <p id={id} className={styles.error}>
      <CircleAlert aria-hidden />
      {children}
    </p>
  );
}

type TextInputProps = InputHTMLAttributes<HTMLInputElement> & { unit?: string; isInvalid?: boolean; isMono?: boolean };

export function TextInput({ unit, isInvalid, isMono, className, ...rest }: TextInputProps) {
  return (
    <span className={clsx(styles.control, isInvalid && styles.invalid, className)}>
      <input
        {...rest}
        aria-invalid={isInvalid || undefined}
        {...(isInvalid && rest.id ? { "aria-describedby": `${rest.id}-error` } : {})}
        className={clsx(styles.input, isMono && "mono")}
      />
      {unit && <span className={styles.unit}>{unit}</span>}
    </span>
  );
}

export function SearchInput({ keyHint, className, ...rest }: ComponentPropsWithRef<"input"> & { keyHint?: string }) {
  return (
    <span className={clsx(styles.control, styles.small, styles.search, className)}>
      <Search aria-hidden />
      <input type="search" {...rest} className={styles.input} />
      {keyHint && <kbd className={styles.key}>{keyHint}</kbd>}
    </span>
  );
}

type SelectProps = Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange" | "value"> & {
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  onChange: (value: string) => void;
  isInvalid?: boolean;
};

/** The native control: it opens as a sheet on a telephone, and screen readers know it. */
export function Select({ options, onChange, isInvalid, className, ...rest }: SelectProps) {
  return (
    <span className={clsx(styles.control, isInvalid && styles.invalid, className)}>
      <select {...rest} className={styles.select} onChange={(event) => onChange(event.target.value)}>
        {options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <ChevronsUpDown aria-hidden className={styles.arrows} />
    </span>
  );
}

type CheckboxProps = Omit<ComponentPropsWithRef<"input">, "onChange" | "type"> & {
  label?: ReactNode;
  onChange: (isChecked: boolean) => void;
};

export function Checkbox({ label, onChange, className, ...rest }: CheckboxProps) {
  const change = (event: ChangeEvent<HTMLInputElement>) => onChange(event.target.checked);
  const isBare = label === undefined;
  const box = <input {...rest} type="checkbox" className={styles.checkbox} onChange={change} />;
  return isBare ? box : <Choice box={box} label={label} {...(className ? { className } : {})} />;
}

type SwitchProps = CheckboxProps & {
  label: ReactNode;
  checked: boolean;
  /** It sends an order, so it is disabled while the server does not answer. */
  needsServer?: boolean;
};

/** A setting that acts as soon as it is switched. */
export function Switch({ label, onChange, needsServer = false, ...rest }: SwitchProps) {
  const offline = useOfflineReason();
  const isOff = needsServer && offline !== null;
  const change = (event: ChangeEvent<HTMLInputElement>) => onChange(event.target.checked);
  const box = (
    <input
      {...rest}
      {...(isOff ? { title: offline, disabled: true } : {})}
      type="checkbox"
      role="switch"
      aria-checked={rest.checked}
      className={styles.switch}
      onChange={change}
    />
  );
  return <Choice box={box} label={label} />;
}

function Choice({ box, label, className }: { box: ReactNode; label: ReactNode; className?: string }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is `box`
    <label className={clsx(styles.choice, className)}>
      {box}
      {label}
    </label>
  );
}
