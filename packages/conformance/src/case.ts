import type { Runtime } from "./runtime.ts";

/** Something that every adapter has to do. */
export interface Case {
  readonly name: string;
  /** Rejects when the adapter does it wrong. It has no time limit of its own. */
  run(runtime: Runtime): Promise<void>;
}
