import { Braces, ListTree } from "lucide-react";
import { useState } from "react";
import type { Item } from "@/api/datasetItems";
import { CodeEditor } from "@/editor/CodeEditor";
import { bytes, count } from "@/format/numbers";
import { writeJson } from "@/json/exact";
import { CopyButton } from "@/ui/CopyButton";
import { Segmented } from "@/ui/Segmented";
import { SidePanel } from "@/ui/SidePanel";
import { JsonTree } from "../JsonTree";

type Props = { items: Item[]; index: number; first: number; onIndex: (index: number | null) => void };

/** All fields of one item. */
export function ItemPanel({ items, index, first, onIndex }: Props) {
  const [isText, setText] = useState(false);
  const item = items[index] ?? {};
  const text = writeJson(item, 2);
  return (
    <SidePanel
      title={`Item ${count(first + index + 1)}`}
      note={bytes(new Blob([writeJson(item)]).size)}
      onClose={() => onIndex(null)}
      onPrevious={index > 0 ? () => onIndex(index - 1) : undefined}
      onNext={index < items.length - 1 ? () => onIndex(index + 1) : undefined}
      actions={<CopyButton text={text} label="Copy as JSON" />}
    >
      <div>
        <Segmented
          label="Item as"
          value={isText ? "json" : "tree"}
          segments={[
            { value: "tree", label: "Tree", icon: <ListTree aria-hidden /> },
            { value: "json", label: "JSON", icon: <Braces aria-hidden /> },
          ]}
          onChange={(value) => setText(value === "json")}
        />
      </div>
      {isText ? (
        <CodeEditor label="Item as JSON" language="json" value={text} isReadOnly wraps />
      ) : (
        <JsonTree value={item} />
      )}
    </SidePanel>
  );
}
