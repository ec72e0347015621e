/** The login of the `apify` command, which waits on a port of this machine until a page sends it a token. */
import { Unreachable } from "@/api/errors";
import { createStore } from "@/ui/store";

export type LocalLogin = { port: number; token: string };

const VERSION = "v1";

/** The waiting command that the address names; null if the page was opened for another reason. */
export function localLogin(search: Record<string, unknown>): LocalLogin | null {
  const { localCliCommand, localCliPort, localCliToken, localCliApiVersion } = search;
  const port = Number(localCliPort);
  const isLogin = localCliCommand === "login" && Number.isInteger(port) && port > 0 && port <= 65_535;
  return isLogin && (localCliApiVersion ?? VERSION) === VERSION ? { port, token: String(localCliToken ?? "") } : null;
}

/** Send the token to the command. Throws with what the command rejected. */
export function sendToken(login: LocalLogin, apiToken: string): Promise<void> {
  return post(login, "login-token", { apiToken });
}

/** End the command without a token. */
export function cancelLogin(login: LocalLogin): Promise<void> {
  return post(login, "exit", { isWindowClosed: false, actionCanceled: true });
}

async function post({ port, token }: LocalLogin, action: string, content: object): Promise<void> {
  const address = `http://localhost:${port}/api/${VERSION}/${action}?token=${encodeURIComponent(token)}`;
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(content) }).catch(() => null);
  if (response === null) throw new NoCommand(port);
  if (!response.ok) throw new Error(`The apify command rejected the request with status ${response.status}.`);
}

class NoCommand extends Unreachable {
  override message: string;

  constructor(port: number) {
    super();
    this.message = `No apify command answers on port ${port}. It ends after a while: run apify login again.`;
  }
}

/** Whether the server accepts a token. It is sent as a client would, without the session of this browser. */
export async function usernameOf(apiToken: string): Promise<string> {
  const headers = { Authorization: `Bearer ${apiToken}` };
  const response = await fetch("/v2/users/me", { headers, credentials: "omit" });
  if (!response.ok) throw new Error("This server does not accept the token.");
  const { data }: { data: { username: string } } = await response.json();
  return data.username;
}

/** The token with which the user has signed in on this page. It is only in memory, for the command that waits for it. */
export const pastedToken = createStore("");
