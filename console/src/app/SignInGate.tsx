import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { request } from "@/api/client";
import { pastedToken } from "@/api/clientLogin";
import { ApiError, messageOf } from "@/api/errors";
import { serverQuery } from "@/api/server";
import { restartEvents } from "@/live/events";
import { Button } from "@/ui/Button";
import { Field, TextInput } from "@/ui/Field";
import icon from "./icon.svg";
import styles from "./SignInGate.module.css";

/** Shows the console to a signed-in user, and the form for a token to everybody else. */
export function SignInGate({ children }: { children: ReactNode }) {
  const { error } = useQuery(serverQuery);
  return error instanceof ApiError && error.status === 401 ? <SignIn /> : children;
}

function SignIn() {
  const queries = useQueryClient();
  const [error, setError] = useState<string | null>(null);
  const [isPending, setPending] = useState(false);
  const id = useId();
  const signIn = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token")).trim();
    setPending(true);
    try {
      await request("/greenroom/session", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token }),
      });
      pastedToken.set(token);
      restartEvents();
      await queries.resetQueries();
    } catch (cause) {
      setError(messageOf(cause));
      setPending(false);
    }
  };
  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={signIn}>
        <div className={styles.brand}>
          <img src={icon} alt="" width={32} height={32} />
          <div>
            <h1>Sign in to Greenroom</h1>
            <p className={styles.host}>{window.location.host}</p>
          </div>
        </div>
        <p>This server needs the token of a user. You then stay signed in for 30 days; the token is not stored.</p>
        <Field label="Token" htmlFor={id} error={error} note="The server's configuration names each user's token.">
          <TextInput
            id={id}
            name="token"
            type="password"
            autoComplete="off"
            autoFocus
            required
            isMono
            isInvalid={error !== null}
          />
        </Field>
        <Button type="submit" variant="primary" isPending={isPending}>
          Sign in
        </Button>
        <p className={styles.host}>
          The server's operator can open the console without a token: <code>greenroom open</code>
        </p>
      </form>
    </main>
  );
}
