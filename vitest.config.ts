import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    // Real peers take seconds to start; a test that hangs still ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
