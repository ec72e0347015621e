import { useId } from "react";
import type { Parameter, Schema } from "@/api/documents";
import { Select, TextInput } from "@/ui/Field";
import { Prose } from "@/ui/Prose";
import styles from "./Api.module.css";
import type { Values } from "./operations";

type Props = { parameters: Parameter[]; values: Values; onChange: (name: string, value: string) => void };

/** A control for each parameter. An empty one is not sent. */
export function Parameters({ parameters, values, onChange }: Props) {
  const id = useId();
  if (parameters.length === 0) return null;
  return (
    <section aria-label="Parameters" className={styles.parameters}>
      <h3>Parameters</h3>
      {parameters.map((parameter) => (
        <div key={`${parameter.in} ${parameter.name}`} className={styles.parameter}>
          <label htmlFor={`${id}-${parameter.name}`}>
            <code>{parameter.name}</code>
            <span className={parameter.required ? styles.required : styles.note}>
              {parameter.required ? "required" : kindOf(parameter)}
            </span>
          </label>
          <div className={styles.control}>
            <Control
              id={`${id}-${parameter.name}`}
              parameter={parameter}
              value={values[parameter.name] ?? ""}
              onChange={(value) => onChange(parameter.name, value)}
            />
            {parameter.description && (
              <p className={styles.note}>
                <Prose text={parameter.description} />
              </p>
            )}
          </div>
        </div>
      ))}
    </section>
  );
}

function kindOf({ in: place, schema }: Parameter): string {
  const type = typeOf(schema);
  return place === "header" ? `header, ${type}` : type;
}

function typeOf(schema: Schema): string {
  return schema.type ?? schema.anyOf?.find(({ type }) => type !== "null")?.type ?? "text";
}

type ControlProps = { id: string; parameter: Parameter; value: string; onChange: (value: string) => void };

function Control({ id, parameter, value, onChange }: ControlProps) {
  const { schema } = parameter;
  const choices = schema.enum ?? (typeOf(schema) === "boolean" ? ["true", "false"] : null);
  if (choices) {
    const options = ["", ...choices.map(String)].map((each) => [each, each || "Not sent"] as const);
    return <Select id={id} value={value} options={options} onChange={onChange} />;
  }
  return (
    <TextInput
      id={id}
      isMono
      value={value}
      autoComplete="off"
      placeholder={schema.default === undefined || schema.default === "" ? "" : String(schema.default)}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
