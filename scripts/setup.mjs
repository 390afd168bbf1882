// Makes a fresh clone ready: installs what package-lock.json names, then builds. What is up to date is left alone.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modified = (path) => statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    // Standard output belongs to the command that follows: `npm start -- --json` is read by machines.
    stdio: ["ignore", process.stderr, process.stderr],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  process.stderr.write(
    `setup: "${[command, ...args].join(" ")}" failed${error ? `: ${error.message}` : "; see above"}.\n`,
  );
  process.exit(1);
}

// npm writes this file at the end of each install, so its age tells whether the install still fits the lock.
if (modified("node_modules/.package-lock.json") < modified("package-lock.json")) {
  run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error");
}
run("npx", "--no-install", "turbo", "run", "build", "--output-logs=errors-only");
