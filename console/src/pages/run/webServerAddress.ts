const PATH = /\/greenroom\/web\/([^/]+)\/?$/;

/**
 * The address of a run's web server with an origin of its own, as `http://KEY.runs.localhost:PORT/`. Browsers resolve
 * it everywhere; the API returns the other form where the names of the machine do not.
 */
export function hostForm(url: string): string {
  const parts = new URL(url);
  const [, key] = PATH.exec(parts.pathname) ?? [];
  return key === undefined ? parts.href : `http://${key}.runs.localhost${parts.port && `:${parts.port}`}/`;
}
