import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const folder = new URL("../../peers/", import.meta.url);
const require = createRequire(new URL("package.json", folder));

export function isInstalled(module: string): boolean {
  try {
    require.resolve(module);
    return true;
  } catch {
    return false;
  }
}

/** A module of a package in bench/peers, or null when it is not installed. */
export function load(module: string): unknown {
  return isInstalled(module) ? require(module) : null;
}

/** Installs what bench/peers/package-lock.json names, in that folder alone. @returns npm's exit code. */
export function installPeers(): number {
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: fileURLToPath(folder),
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  return npm.status ?? 1;
}
