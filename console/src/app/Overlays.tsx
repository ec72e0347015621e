import { Suspense } from "react";
import { lazily } from "@/ui/lazily";
import { useStore } from "@/ui/store";
import { Toasts } from "@/ui/Toasts";
import { toasts } from "@/ui/toasts";
import { isKeysDialogOpen } from "./globalKeys";
import { palette } from "./paletteState";

const Palette = lazily(async () => (await import("./Palette")).Palette);
const KeysDialog = lazily(async () => (await import("./KeysDialog")).KeysDialog);

/**
 * What opens above any page. Dialogs are chunks that are fetched when they open for the first time. Toasts are not, since
 * they also report that the server does not answer.
 */
export function Overlays() {
  const scope = useStore(palette);
  const areKeysShown = useStore(isKeysDialogOpen);
  const hasToasts = useStore(toasts).length > 0;
  return (
    <Suspense fallback={null}>
      {scope && <Palette key={scope} scope={scope} />}
      {areKeysShown && <KeysDialog />}
      {hasToasts && <Toasts />}
    </Suspense>
  );
}
