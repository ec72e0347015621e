import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { type Diagnostic, linter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { getNonce } from "get-nonce";
import { parseJson } from "./jsonErrors";
import { theme } from "./theme";
import type { CodeEditorProps, CodeLanguage } from "./types";

const LANGUAGES: Record<CodeLanguage, () => Extension> = {
  json: () => [json(), linter(lintJson, { delay: 250 }), indentUnit.of("  ")],
  javascript: () => [javascript({ typescript: true, jsx: true }), indentUnit.of("  ")],
  python: () => [python(), indentUnit.of("    ")],
  text: () => [],
};

/** What makes an editor of its kind: language, keys, look. Fixed for its life. */
export function extensionsOf(props: CodeEditorProps): Extension {
  const nonce = getNonce();
  return [
    nonce ? EditorView.cspNonce.of(nonce) : [],
    theme,
    LANGUAGES[props.language](),
    props.hasLineNumbers ? [lineNumbers(), foldGutter()] : [],
    props.wraps ? EditorView.lineWrapping : [],
    bracketMatching(),
    highlightSelectionMatches(),
    drawSelection(),
    keymap.of([...searchKeymap, ...foldKeymap, ...lintKeymap]),
    props.isReadOnly ? READ_ONLY : WRITABLE,
    heights(props),
  ];
}

const READ_ONLY: Extension = [EditorState.readOnly.of(true), keymap.of(defaultKeymap)];

/**
 * Tab indents only where something is selected: otherwise it leaves the editor, so that a keyboard can reach what
 * follows. Ctrl Enter is free for the page, which starts a run with it.
 */
const WRITABLE: Extension = [
  history(),
  indentOnInput(),
  highlightActiveLine(),
  keymap.of([
    { key: "Tab", run: (view) => !view.state.selection.main.empty && indentMore(view), shift: indentLess },
    ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"),
    ...historyKeymap,
  ]),
];

function heights({ minHeight, maxHeight }: CodeEditorProps): Extension {
  return EditorView.theme({
    "&": maxHeight === undefined ? {} : { maxHeight: `${maxHeight}px` },
    ".cm-scroller": { overflow: "auto" },
    ".cm-content, .cm-gutter": minHeight === undefined ? {} : { minHeight: `${minHeight}px` },
  });
}

function lintJson(view: EditorView): Diagnostic[] {
  const text = view.state.doc.toString();
  if (text.trim() === "") return [];
  const { error } = parseJson(text);
  if (error === null) return [];
  const line = view.state.doc.line(error.line);
  const from = Math.min(line.from + error.column - 1, line.to);
  return [{ from, to: Math.min(from + 1, line.to), severity: "error", message: error.message }];
}
