/** The editor of each kind of field. */
import { CheckboxField, MultiSelectField, SelectField } from "./choices";
import { DateField } from "./DateField";
import { FileField, FilesField } from "./FileField";
import { JsonField, UnknownField } from "./JsonField";
import { ProxyField } from "./ProxyField";
import { ResourceField, ResourcesField } from "./ResourceField";
import { GlobsField, KeyValueField, PseudoUrlsField, RequestSourcesField, StringListField } from "./RowsField";
import { SchemaBasedField } from "./SchemaBasedField";
import { JavascriptField, NumberField, PythonField, TextArea, TextField } from "./texts";
import type { Editors } from "./types";

export const EDITORS: Editors = {
  textfield: TextField,
  textarea: TextArea,
  number: NumberField,
  checkbox: CheckboxField,
  select: SelectField,
  multiselect: MultiSelectField,
  datepicker: DateField,
  javascript: JavascriptField,
  python: PythonField,
  json: JsonField,
  requestListSources: RequestSourcesField,
  globs: GlobsField,
  pseudoUrls: PseudoUrlsField,
  keyValue: KeyValueField,
  stringList: StringListField,
  schemaBased: SchemaBasedField,
  proxy: ProxyField,
  fileupload: FileField,
  filesupload: FilesField,
  resourcePicker: ResourceField,
  resourcesPicker: ResourcesField,
  hidden: () => null,
  unknown: UnknownField,
};
