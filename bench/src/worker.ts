// Measures one group in a process of its own: node worker.js GROUP time|memory ROUND BUDGET. Prints a Result per line.
import { argv, stdout } from "node:process";
import { budgets } from "./budget.ts";
import { groups } from "./groups/index.ts";
import { measureMemory } from "./memory.ts";
import type { Result } from "./result.ts";
import type { Subject } from "./subject.ts";
import { timeAll } from "./time.ts";

const [groupName, role, round, pace] = argv.slice(2);
const group = groups.find(({ name }) => name === groupName);
if (group === undefined) throw new RangeError(`There is no group "${groupName}".`);
const budget = budgets[pace === "quick" ? "quick" : "full"];
const print = (result: Result): boolean => stdout.write(`${JSON.stringify(result)}\n`);

const subjects = group.prepare((text) => print({ role: "announcement", text }));
if (role === "time") printTimes(group.name, subjects);
else printMemory(subjects);

function printTimes(groupName: string, all: readonly Subject[]): void {
  // Every other process goes the other way, so that no subject is always measured on a warmer or colder machine.
  const times = timeAll(Number(round) % 2 === 0 ? all : [...all].reverse(), budget.time);
  const ratio = (subject: Subject, other: Subject): number =>
    (times.get(subject) ?? Number.NaN) / (times.get(other) ?? Number.NaN);
  for (const subject of all) {
    const { name, input, kind, work, against = {} } = subject;
    const others = kind === "own" ? all.filter((other) => other.kind !== "own" && other.input === input) : [];
    const ratios = [
      ...others.map((other) => [other.name, ratio(subject, other)] as const),
      ...Object.entries(against).map(([label, other]) => [label, ratio(subject, other)] as const),
    ];
    const nanosecondsPerPass = times.get(subject) ?? Number.NaN;
    print({
      role: "time",
      group: groupName,
      name,
      input,
      kind,
      work,
      nanosecondsPerPass,
      ratioTo: Object.fromEntries(ratios),
    });
  }
}

function printMemory(all: readonly Subject[]): void {
  for (const { name, input, kind, work, run } of all) {
    if ("elsewhere" in run) continue;
    const use = measureMemory(run, work.chunks || work.messages, kind === "own" ? budget.memory : budget.otherMemory);
    print({ role: "memory", name, input, ...use });
  }
}
