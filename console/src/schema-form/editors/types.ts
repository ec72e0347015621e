import type { ReactNode } from "react";
import type { Json } from "@/json/exact";
import type { EditorKind, FieldSchema } from "../schema";

/** What each editor of a field gets. */
export type EditorProps = {
  /** The id of its first control, which the label names. */
  id: string;
  /** The title of the field, for controls that the label does not reach. */
  label: string;
  field: FieldSchema;
  value: Json | undefined;
  /** Sets the value, which ends the problem of a text that stood for no value. */
  onChange: (value: Json | undefined) => void;
  /** Called with the problem of a text that stands for no value. */
  onProblem: (problem: string) => void;
  isInvalid: boolean;
  isDisabled: boolean;
  describedBy: string | undefined;
};

export type Editor = (props: EditorProps) => ReactNode;

export type Editors = Record<EditorKind, Editor>;
