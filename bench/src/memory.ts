import { GCProfiler, getHeapStatistics } from "node:v8";
import type { Pass } from "./subject.ts";

export interface MemoryBudget {
  /** Garbage collections are counted while so many chunks, or messages where there are no chunks, are handled ... */
  readonly items: number;
  /** ... but no longer than so many milliseconds. */
  readonly milliseconds: number;
}

export interface MemoryUse {
  allocatedBytesPerPass: number;
  gcCount: number;
  gcPasses: number;
}

/**
 * What a pass allocates, and how often the collector runs meanwhile.
 *
 * Allocation is what the heap grew by, summed over the times between two collections: V8 says how full the heap was right
 * before and right after each. Memory outside of the heap that belongs to objects (ArrayBuffers) counts too. Needs
 * --expose-gc.
 */
export function measureMemory({ pass }: Pass, itemsPerPass: number, budget: MemoryBudget): MemoryUse {
  const passes = Math.ceil(budget.items / itemsPerPass);
  // Compiling allocates as well; two thirds of a run later everything is compiled that will be.
  repeat(pass, Math.ceil(passes / 3), budget.milliseconds / 3);
  const idle = observe(() => 1);
  const busy = observe(() => repeat(pass, passes, budget.milliseconds));
  const allocated = Math.max(0, busy.allocatedBytes - idle.allocatedBytes);
  return { allocatedBytesPerPass: allocated / busy.passes, gcCount: busy.gcCount, gcPasses: busy.passes };
}

/** @returns how many passes were made: fewer when the time is over. */
function repeat(pass: () => void, passes: number, milliseconds: number): number {
  const end = performance.now() + milliseconds;
  let made = 0;
  do {
    pass();
    made++;
  } while (made < passes && performance.now() < end);
  return made;
}

interface Observation {
  passes: number;
  allocatedBytes: number;
  gcCount: number;
}

function observe(run: () => number): Observation {
  // What was garbage before must not be given back meanwhile: it would hide what is allocated.
  globalThis.gc?.();
  globalThis.gc?.();
  const profiler = new GCProfiler();
  profiler.start();
  let full = fullness(getHeapStatistics());
  const passes = run();
  const end = fullness(getHeapStatistics());
  let allocatedBytes = 0;
  const collections = profiler.stop().statistics;
  for (const { beforeGC, afterGC } of collections) {
    const { usedHeapSize, externalMemory } = beforeGC.heapStatistics;
    allocatedBytes += Math.max(0, usedHeapSize + externalMemory - full);
    full = afterGC.heapStatistics.usedHeapSize + afterGC.heapStatistics.externalMemory;
  }
  allocatedBytes += Math.max(0, end - full);
  return { passes, allocatedBytes, gcCount: collections.length };
}

function fullness(statistics: ReturnType<typeof getHeapStatistics>): number {
  return statistics.used_heap_size + statistics.external_memory;
}
