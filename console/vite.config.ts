import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { createServer, defineConfig, type Plugin } from "vite";

const URL_OF_SERVER = process.env.GREENROOM_URL ?? "http://localhost:3333";
/** The development server (`npm run dev`) sends requests to this server, as the user of this token. */
const SERVER = {
  target: URL_OF_SERVER,
  headers: { Authorization: `Bearer ${process.env.GREENROOM_TOKEN ?? "development"}`, Origin: URL_OF_SERVER },
  changeOrigin: true,
};

const resolve = { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } };

/** The font of all text is requested together with the scripts, not after the style sheet. */
function preloadFont(): Plugin {
  return {
    name: "preload-font",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        return Object.keys(bundle ?? {})
          .filter((name) => name.includes("inter-latin"))
          .map((name) => ({
            tag: "link",
            attrs: { rel: "preload", as: "font", type: "font/woff2", href: `/${name}`, crossorigin: "" },
            injectTo: "head" as const,
          }));
      },
    },
  };
}

/** The frame of all pages is in the document, so that it is shown before the scripts have run. */
function drawShell(): Plugin {
  const place = '<div id="root" data-shell>';
  return {
    name: "draw-shell",
    apply: "build",
    transformIndexHtml: async (html) => html.replace(place, place + (await renderShell())),
  };
}

/** The HTML of the shell. Its components run in Node.js, with the class names that they also have in the build. */
async function renderShell(): Promise<string> {
  const server = await createServer({
    configFile: false,
    logLevel: "warn",
    appType: "custom",
    plugins: [react()],
    resolve,
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  const { renderShell } = (await server.ssrLoadModule("/src/app/shell.tsx")) as typeof import("./src/app/shell.tsx");
  const html = await renderShell();
  await server.close();
  return html;
}

export default defineConfig({
  plugins: [react(), preloadFont(), drawShell()],
  resolve,
  // The server replaces this text in every document by a value that is used once.
  html: { cspNonce: "__CSP_NONCE__" },
  // One style sheet of 13 kB: browsers that lose one of many while a network changes would not fetch it again.
  build: {
    cssCodeSplit: false,
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    // What main.tsx imports is one chunk: each file of its own would delay the first page.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "start", test: /[\\/]src[\\/]main\.tsx$/ }] } } },
  },
  server: { proxy: { "/v2": SERVER, "/greenroom": SERVER } },
});
