import { Lock } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { isEncrypted } from "../schema";
import styles from "./editors.module.css";
import type { Editor, EditorProps } from "./types";

/** A stored secret stays as it is until the user replaces it. Nobody can read it. */
export function SecretField({ inner: Inner, ...props }: EditorProps & { inner: Editor }) {
  const { value, label, isDisabled, onChange } = props;
  const [stored, setStored] = useState(value);
  const isStored = isEncrypted(value);
  if (isStored) {
    return (
      <div className={styles.stored}>
        <Lock aria-hidden />
        <span className={styles.grows}>Stored, encrypted.</span>
        <Button
          id={props.id}
          variant="quiet"
          small
          disabled={isDisabled}
          aria-label={`Replace ${label}`}
          onClick={() => {
            setStored(value);
            onChange(undefined);
          }}
        >
          Replace
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.rows}>
      <Inner {...props} />
      {isEncrypted(stored) && (
        <Button
          variant="quiet"
          small
          className={styles.start ?? ""}
          disabled={isDisabled}
          onClick={() => onChange(stored)}
        >
          Leave the stored value
        </Button>
      )}
    </div>
  );
}
