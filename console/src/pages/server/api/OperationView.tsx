import { useMutation, useQuery } from "@tanstack/react-query";
import { Send } from "lucide-react";
import { useRef, useState } from "react";
import { messageOf } from "@/api/errors";
import { serverQuery } from "@/api/server";
import { CodeEditor } from "@/editor/CodeEditor";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { ConfirmDialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Prose } from "@/ui/Prose";
import styles from "./Api.module.css";
import { Method } from "./Method";
import {
  curlOf,
  exampleOf,
  headersOf,
  isDestructive,
  missingOf,
  type Operation,
  targetOf,
  type Values,
} from "./operations";
import { Parameters } from "./Parameters";
import { ResponseView } from "./ResponseView";
import { type Sent, send } from "./sending";

/** What an operation does and takes, and a request to send with the session of this browser. */
export function OperationView({ operation }: { operation: Operation }) {
  const [values, setValues] = useState<Values>({});
  const [text, setText] = useState(() => exampleOf(operation));
  const server = useQuery(serverQuery).data;
  const curl = curlOf(operation, values, text, server?.apiUrl ?? location.origin);
  return (
    <article className={styles.operation} aria-labelledby="operation">
      <header>
        <h2 id="operation">{operation.summary}</h2>
        <p className={styles.path}>
          <Method method={operation.method} /> <code>{operation.path}</code>
        </p>
        {operation.description.split("\n\n").map((paragraph) => (
          <p key={paragraph} className={styles.description}>
            <Prose text={paragraph} />
          </p>
        ))}
        {operation.isOperators && (
          <p className={styles.note}>
            This operation needs the token in server.json. For some of these operations, such as pruning, a browser that
            “greenroom open” opened is sufficient.
          </p>
        )}
      </header>
      <Parameters
        parameters={operation.parameters}
        values={values}
        onChange={(name, value) => setValues({ ...values, [name]: value })}
      />
      {operation.body && <Body operation={operation} text={text} onChange={setText} />}
      <Sending operation={operation} values={values} text={text} />
      <figure className={styles.curl}>
        <figcaption>
          As a command
          <CopyButton text={curl} label="Copy as curl" withLabel />
        </figcaption>
        <pre>{curl}</pre>
      </figure>
    </article>
  );
}

type BodyProps = { operation: Operation; text: string; onChange: (text: string) => void };

function Body({ operation, text, onChange }: BodyProps) {
  if (operation.body === null) return null;
  const { contentType, description, schema } = operation.body;
  const fields = Object.entries(schema.properties ?? {});
  return (
    <section className={styles.body} aria-label="Body">
      <h3>
        Body <span className={styles.note}>{contentType}</span>
      </h3>
      {description && <p className={styles.note}>{description}</p>}
      <CodeEditor
        language="json"
        label="Body of the request"
        value={text}
        minHeight={96}
        maxHeight={360}
        onChange={onChange}
      />
      {fields.length > 0 && (
        <details>
          <summary>Fields</summary>
          <dl className={styles.fields}>
            {fields.map(([name, field]) => (
              <div key={name}>
                <dt>
                  <code>{name}</code>
                  {schema.required?.includes(name) && <span className={styles.required}> required</span>}
                </dt>
                <dd>
                  <Prose text={field.description ?? field.type ?? ""} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

type SendingProps = { operation: Operation; values: Values; text: string };

function Sending({ operation, values, text }: SendingProps) {
  const [isAsking, setAsking] = useState(false);
  const [isChecked, setChecked] = useState(false);
  const aborting = useRef<AbortController | null>(null);
  const target = targetOf(operation, values);
  const missing = missingOf(operation, values);
  const sending = useMutation({
    mutationFn: (sent: Sent) => {
      aborting.current = new AbortController();
      return send(sent, aborting.current.signal);
    },
  });
  const sendNow = () =>
    sending.mutate({
      method: operation.method,
      target,
      headers: headersOf(operation, values, text),
      body: operation.body && text !== "" ? text : null,
    });
  const begin = () => {
    setChecked(true);
    if (missing.length > 0) return;
    if (isDestructive(operation)) setAsking(true);
    else sendNow();
  };
  return (
    <>
      <div className={styles.send}>
        <Button variant="primary" needsServer icon={<Send aria-hidden />} isPending={sending.isPending} onClick={begin}>
          Send
        </Button>
        {sending.isPending && (
          <Button variant="quiet" onClick={() => aborting.current?.abort()}>
            End the request
          </Button>
        )}
        <span className={styles.note}>As the user of this browser’s session</span>
      </div>
      {isChecked && missing.length > 0 && <ErrorNote title={`The request needs a value for ${missing.join(", ")}.`} />}
      {sending.isError && <ErrorNote title={errorOf(sending.error)} />}
      {sending.data && <ResponseView received={sending.data} />}
      {isAsking && (
        <ConfirmDialog
          title={`Send ${operation.method} ${target}?`}
          description={`“${operation.summary}” changes or deletes records of this server, or ends something.`}
          action="Send the request"
          isDangerous
          onConfirm={async () => sendNow()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

function errorOf(error: unknown): string {
  const isOwn = error instanceof DOMException && error.name === "AbortError";
  return isOwn ? "The request was ended before the server responded." : messageOf(error);
}
