import { CodeEditor } from "@/editor/CodeEditor";
import { writeJson } from "@/json/exact";
import { useDraft } from "../values/draft";
import { formatJson, parseJsonText } from "../values/json";
import styles from "./editors.module.css";
import { codeProps } from "./texts";
import type { EditorProps } from "./types";

export function JsonField(props: EditorProps) {
  const [text, setText] = useDraft<string>({
    ...props,
    format: formatJson,
    parse: (draft) => parseJsonText(draft, props.field),
  });
  return (
    <CodeEditor {...codeProps(props)} language="json" minHeight={64} maxHeight={400} value={text} onChange={setText} />
  );
}

/** A field whose editor this console does not know: its JSON, with its schema beside it. */
export function UnknownField(props: EditorProps) {
  const { editor, resourceType } = props.field;
  const what = resourceType === undefined ? `editor “${editor ?? "none"}”` : `resource type “${resourceType}”`;
  return (
    <div className={styles.unknown}>
      <JsonField {...props} />
      <div>
        <p className={styles.note}>The console does not know the {what}. Write the value as JSON. Its schema:</p>
        <CodeEditor
          language="json"
          label={`Schema of ${props.label}`}
          isReadOnly
          maxHeight={200}
          value={writeJson(props.field, 2)}
        />
      </div>
    </div>
  );
}
