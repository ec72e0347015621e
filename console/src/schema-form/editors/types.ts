import type { ReactNode } from "react";
import type { EditorKind, FieldSchema, Json } from "../schema";

/** What each editor of a field gets. */
export type EditorProps = {
  /** The id of its first control, which the label names. */
  id: string;
  /** The title of the field, for controls that the label does not reach. */
  label: string;
  field: FieldSchema;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  /** Called with the problem of a text that stands for no value, and with null when it does again. */
  onProblem: (problem: string | null) => void;
  isInvalid: boolean;
  isDisabled: boolean;
  describedBy: string | undefined;
};

export type Editor = (props: EditorProps) => ReactNode;

export type Editors = Record<EditorKind, Editor>;
