import { Suspense } from "react";
import { lazily } from "@/ui/lazily";
import type { CodeEditorProps } from "./types";

const Editor = lazily(async () => (await import("./CodeMirrorEditor")).default);

/** An editor for code, or a read-only view of it. CodeMirror is a chunk of its own, fetched when the first one is shown. */
export function CodeEditor(props: CodeEditorProps) {
  return (
    <Suspense fallback={<div style={{ height: props.minHeight ?? 96 }} aria-busy />}>
      <Editor {...props} />
    </Suspense>
  );
}
