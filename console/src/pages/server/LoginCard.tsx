import { CircleCheck } from "lucide-react";
import { useId, useState } from "react";
import { cancelLogin, type LocalLogin, pastedToken, sendToken, usernameOf } from "@/api/clientLogin";
import { messageOf } from "@/api/errors";
import type { Server } from "@/api/server";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field, TextInput } from "@/ui/Field";
import styles from "./Settings.module.css";

type Props = { server: Server; login: LocalLogin };
type Result = "sent" | "canceled" | null;

/**
 * Sends a token to the waiting `apify login`, only after a click.
 *
 * A server without configured users accepts every token. On any other server the user pastes their own: the session of
 * this browser cannot be turned into a token.
 */
export function LoginCard({ server, login }: Props) {
  const [token, setToken] = useState(pastedToken.get());
  const [error, setError] = useState<string | null>(null);
  const [isPending, setPending] = useState(false);
  const [result, setResult] = useState<Result>(null);
  const id = useId();
  const username = server.user?.username ?? "";
  const act = async (order: () => Promise<void>, done: Result) => {
    setPending(true);
    setError(null);
    try {
      await order();
      setResult(done);
    } catch (cause) {
      setError(messageOf(cause));
    }
    setPending(false);
  };
  const send = async () => {
    const chosen = server.hasUsers ? token.trim() : username;
    await usernameOf(chosen);
    await sendToken(login, chosen);
  };
  if (result !== null) return <Done result={result} />;
  return (
    <div className={styles.login}>
      <p>
        The command <code>apify login</code> on this machine waits on port {login.port} for a token of this server.
        {server.hasUsers ? "" : ` It signs in as ${username}.`}
      </p>
      {server.hasUsers && (
        <Field label="Token" htmlFor={id} note="The console does not store it.">
          <TextInput
            id={id}
            type="password"
            autoComplete="off"
            isMono
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </Field>
      )}
      {error && <ErrorNote title={error} />}
      <div className={styles.buttons}>
        <Button
          variant="primary"
          needsServer
          isPending={isPending}
          disabled={server.hasUsers && token.trim() === ""}
          onClick={() => act(send, "sent")}
        >
          Send the token to the apify command
        </Button>
        <Button disabled={isPending} onClick={() => act(() => cancelLogin(login), "canceled")}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

function Done({ result }: { result: Exclude<Result, null> }) {
  return (
    <div className={styles.login} role="status">
      <p className={styles.done}>
        {result === "sent" && <CircleCheck aria-hidden />}
        {result === "sent"
          ? "The apify command has the token. Continue in the terminal; this page can be closed."
          : "The apify command has ended without a token."}
      </p>
    </div>
  );
}
