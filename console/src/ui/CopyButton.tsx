import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "@/ui/Button";
import { showToast } from "@/ui/toasts";

const SHOWN_MILLIS = 1500;

type Props = { text: string | (() => string); label: string; withLabel?: boolean };

/** Copies a text, and confirms it with a check mark. `withLabel` shows the label beside the icon. */
export function CopyButton({ text, label, withLabel = false }: Props) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MILLIS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => setCopied(await copyText(typeof text === "string" ? text : text()));
  const icon = isCopied ? <Check aria-hidden /> : <Copy aria-hidden />;
  if (withLabel) {
    return (
      <Button variant="quiet" small icon={icon} onClick={copy}>
        {isCopied ? "Copied" : label}
      </Button>
    );
  }
  return <IconButton variant="quiet" small icon={icon} label={isCopied ? "Copied" : label} onClick={copy} />;
}

/** Copy a text, and report a failure as a toast. Returns whether it was copied. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    showToast({ kind: "error", text: "The browser did not permit copying. Select the text and copy it by hand." });
    return false;
  }
}
