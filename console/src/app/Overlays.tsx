import { Suspense } from "react";
import { lazily } from "@/ui/lazily";
import { useStore } from "@/ui/store";
import { toasts } from "@/ui/toasts";
import { isKeysDialogOpen } from "./globalKeys";
import { palette } from "./paletteState";

const Palette = lazily(async () => (await import("./Palette")).Palette);
const Toasts = lazily(async () => (await import("@/ui/Toasts")).Toasts);
const KeysDialog = lazily(async () => (await import("./KeysDialog")).KeysDialog);

/** What opens above any page. Each is a chunk that is fetched when it opens for the first time. */
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
