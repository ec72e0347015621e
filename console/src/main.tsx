import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@/styles/tokens.css";
import "@/styles/base.css";
import { Unreachable } from "@/api/errors";
import { serverQuery } from "@/api/server";
import { applyPreferences } from "@/app/preferences";
import { createConsoleRouter } from "@/app/router";
import { SignInGate } from "@/app/SignInGate";
import { followEvents } from "@/live/events";

const FRESH_MILLIS = 10_000;
const MAX_RETRIES = 3;

/** Events update the cache, so nothing is fetched again on a timer or when the window gets the focus. */
function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MILLIS,
        refetchOnWindowFocus: false,
        retry: (failures, error) => error instanceof Unreachable && failures < MAX_RETRIES,
      },
      mutations: { retry: false },
    },
  });
}

/** Libraries that add style elements use the nonce of this document, since its policy blocks all others. */
function adoptNonce(): void {
  const meta = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]");
  if (meta?.nonce) setNonce(meta.nonce);
}

async function start(root: HTMLElement): Promise<void> {
  sessionStorage.removeItem("greenroom.lost"); // the document has its script: index.html counts lost ones
  applyPreferences();
  adoptNonce();
  const queries = createQueryClient();
  void queries.prefetchQuery(serverQuery);
  const router = createConsoleRouter(queries);
  await router.load(); // until then the shell of index.html is shown
  followEvents(queries);
  delete root.dataset.shell;
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <SignInGate>
          <RouterProvider router={router} />
        </SignInGate>
      </QueryClientProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) void start(root);
