import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";
import viteConfig from "./vite.config.ts";

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: { environment: "node", include: ["tests/**/*.test.{ts,tsx}"], css: false, testTimeout: 120_000 },
  }),
);
