import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { request } from "@/api/client";
import { ApiError, messageOf } from "@/api/errors";
import { serverQuery } from "@/api/server";
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
  const id = useId();
  const signIn = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    try {
      await request("/greenroom/session", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token }),
      });
      await queries.invalidateQueries();
    } catch (cause) {
      setError(messageOf(cause));
    }
  };
  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={signIn}>
        <img src={icon} alt="" width={32} height={32} />
        <h1>Sign in to Greenroom</h1>
        <p>This server asks for a token. Paste one; it stays in this browser until you sign out.</p>
        <Field label="Token" htmlFor={id} error={error}>
          <TextInput
            id={id}
            name="token"
            type="password"
            autoComplete="off"
            required
            isMono
            isInvalid={error !== null}
          />
        </Field>
        <Button type="submit" variant="primary">
          Sign in
        </Button>
      </form>
    </main>
  );
}
