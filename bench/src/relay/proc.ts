import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second, the unit of times in /proc (proc(5)); 100 on every Linux of today. */
const TICKS = Number(spawnSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).stdout) || 100;

/** User and system time that a process and its children have taken so far. */
export function cpuSeconds(pid: number): number {
  return processTree(pid).reduce((total, one) => {
    const fields = statOf(one);
    return total + (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS;
  }, 0);
}

/** Resident memory of a process and its children, in bytes. */
export function residentBytes(pid: number): number {
  return processTree(pid).reduce((total, one) => {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${one}/status`))?.[1] ?? 0;
    return total + Number(kilobytes) * 1024;
  }, 0);
}

/** How many files and sockets a process and its children have open. */
export function openFiles(pid: number): number {
  return processTree(pid).reduce((total, one) => {
    try {
      return total + readdirSync(`/proc/${one}/fd`).length;
    } catch {
      return total; // it has ended
    }
  }, 0);
}

/** How many files this process and those that it starts may have open at a time. */
export function openFileLimit(): number {
  const limit = /^Max open files\s+(\S+)/m.exec(read("/proc/self/limits"))?.[1];
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}

/** Where fields of /proc/PID/stat stand behind the name: state is 0, so field n of proc(5) is n - 3. */
const PARENT = 4 - 3;
const UTIME = 14 - 3;
const STIME = 15 - 3;

function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" "); // a name may have spaces and parentheses
}

/** A process and all that descend from it. */
function processTree(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(statOf(Number(name))[PARENT])] as const);
  const tree = [pid];
  for (const one of tree) tree.push(...parents.flatMap(([child, parent]) => (parent === one ? child : [])));
  return tree;
}

/** Empty when the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
