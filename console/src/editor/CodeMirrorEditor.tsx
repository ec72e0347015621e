import { Annotation, Compartment } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { clsx } from "clsx";
import { type RefObject, useEffect, useRef } from "react";
import { withLineBreaks } from "@/format/lineBreaks";
import styles from "./CodeEditor.module.css";
import { extensionsOf } from "./extensions";
import type { CodeEditorProps } from "./types";

/** Marks a change that the page made, so that it does not come back as a change of the user. */
const fromOutside = Annotation.define<boolean>();

const attributes = new Compartment();

/** The editor itself. Import `CodeEditor` instead, which fetches this module when it is needed. */
export default function CodeMirrorEditor(props: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useEditor(place, props);
  useValue(editor, props.value);
  useAttributes(editor, props);
  const { isBare, isInvalid, isReadOnly } = props;
  return (
    <div
      ref={place}
      className={clsx(styles.editor, isBare && styles.bare, isInvalid && styles.invalid, isReadOnly && styles.readOnly)}
    />
  );
}

type EditorRef = RefObject<EditorView | null>;

/** Create the editor when it is shown, and again if its language or kind changes. */
function useEditor(place: RefObject<HTMLDivElement | null>, props: CodeEditorProps): EditorRef {
  const editor = useRef<EditorView | null>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const { language, isReadOnly, wraps, hasLineNumbers, minHeight, maxHeight } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these decide about the extensions
  useEffect(() => {
    if (!place.current) return;
    const view = new EditorView({
      parent: place.current,
      doc: latest.current.value,
      extensions: [
        extensionsOf(latest.current),
        attributes.of(EditorView.contentAttributes.of(attributesOf(latest.current))),
        EditorView.updateListener.of(({ docChanged, transactions, state }) => {
          const isOwn = transactions.every((each) => each.annotation(fromOutside) === undefined);
          if (docChanged && isOwn) {
            latest.current.onChange?.(withLineBreaks(state.doc.toString(), latest.current.value));
          }
        }),
      ],
    });
    editor.current = view;
    return () => view.destroy();
  }, [place, language, isReadOnly, wraps, hasLineNumbers, minHeight, maxHeight]);
  return editor;
}

/** Show a value that changed outside of the editor. */
function useValue(editor: EditorRef, value: string): void {
  useEffect(() => {
    const view = editor.current;
    if (!view || view.state.toText(value).eq(view.state.doc)) return;
    view.dispatch({
      changes: { from: 0, to: view.state.doc.length, insert: value },
      annotations: fromOutside.of(true),
    });
  }, [editor, value]);
}

function useAttributes(editor: EditorRef, { id, label, isReadOnly, isInvalid, describedBy }: CodeEditorProps): void {
  useEffect(() => {
    const content = attributesOf({ id, label, isReadOnly, isInvalid, describedBy });
    editor.current?.dispatch({ effects: attributes.reconfigure(EditorView.contentAttributes.of(content)) });
  }, [editor, id, label, isReadOnly, isInvalid, describedBy]);
}

type Described = { [Key in "id" | "isReadOnly" | "isInvalid" | "describedBy"]?: CodeEditorProps[Key] | undefined } & {
  label: string;
};

function attributesOf({ id, label, isReadOnly, isInvalid, describedBy }: Described): Record<string, string> {
  return {
    "aria-label": label,
    tabindex: "0", // what scrolls must be reachable with keys
    ...(id === undefined ? {} : { id }),
    ...(isReadOnly ? { "aria-readonly": "true" } : {}),
    ...(isInvalid ? { "aria-invalid": "true" } : {}),
    ...(describedBy === undefined ? {} : { "aria-describedby": describedBy }),
  };
}
