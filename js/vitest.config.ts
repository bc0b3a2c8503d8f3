import { defineConfig } from "vitest/config";

export default defineConfig({
  // the first drawing of a page without a browser takes seconds on a busy machine
  test: { include: ["tests/**/*.test.ts"], environment: "node", testTimeout: 30_000 },
});
