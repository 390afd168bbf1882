import type { Kind, Work } from "./subject.ts";

/** What one process found out about the speed of a subject. */
export interface TimeResult {
  readonly role: "time";
  readonly group: string;
  readonly name: string;
  readonly input: string;
  readonly kind: Kind;
  readonly work: Work;
  /** The median of the passes. */
  readonly nanosecondsPerPass: number;
  /** How many times as long it took as each subject that it is compared with. */
  readonly ratioTo: Readonly<Record<string, number>>;
}

/** What one process found out about the memory that a subject takes. */
export interface MemoryResult {
  readonly role: "memory";
  readonly name: string;
  readonly input: string;
  readonly allocatedBytesPerPass: number;
  readonly gcCount: number;
  /** How many passes were made while garbage collections were counted. */
  readonly gcPasses: number;
}

/** Something to tell the user. */
export interface Announcement {
  readonly role: "announcement";
  readonly text: string;
}

export type Result = TimeResult | MemoryResult | Announcement;
