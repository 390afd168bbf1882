import type { MemoryBudget } from "./memory.ts";
import type { TimeBudget } from "./time.ts";

export interface Budget {
  /** Processes whose medians are taken, for each group. */
  readonly processes: number;
  /** In each process, for each subject. */
  readonly time: TimeBudget;
  readonly memory: MemoryBudget;
  /** The same for controls and peers. */
  readonly otherMemory: MemoryBudget;
}

export const budgets: Readonly<Record<"full" | "quick", Budget>> = {
  full: {
    processes: 5,
    time: { turns: 4, time: 100, iterations: 3 },
    memory: { items: 10_000_000, milliseconds: 20_000 },
    otherMemory: { items: 1_000_000, milliseconds: 1_000 },
  },
  quick: {
    processes: 1,
    time: { turns: 2, time: 20, iterations: 2 },
    memory: { items: 100_000, milliseconds: 200 },
    otherMemory: { items: 100_000, milliseconds: 100 },
  },
};
