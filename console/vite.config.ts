import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const URL_OF_SERVER = process.env.GREENROOM_URL ?? "http://localhost:3333";
/** The development server (`npm run dev`) sends requests to this server, as the user of this token. */
const SERVER = {
  target: URL_OF_SERVER,
  headers: { Authorization: `Bearer ${process.env.GREENROOM_TOKEN ?? "development"}`, Origin: URL_OF_SERVER },
  changeOrigin: true,
};

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

export default defineConfig({
  plugins: [react(), preloadFont()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // The server replaces this text in every document by a value that is used once.
  html: { cspNonce: "__CSP_NONCE__" },
  // One style sheet of 13 kB: browsers that lose one of many while a network changes would not fetch it again.
  build: { cssCodeSplit: false, target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { "/v2": SERVER, "/greenroom": SERVER } },
});
