/** Whether a subject is Millrace itself, a lower bound for it, or somebody else's code. */
export type Kind = "own" | "control" | "peer";

/** Something that is measured. A pass handles the whole input once. */
export interface Subject {
  /** What works: "spans", "memcpy", "librtmp". */
  readonly name: string;
  /** What it works on. Subjects with one input are compared with each other. */
  readonly input: string;
  readonly kind: Kind;
  /** What a pass handles. Chunks are 0 where there are none. */
  readonly work: Work;
  /** A pass in this process, or how many nanoseconds a pass takes elsewhere, when it is to be measured for so long. */
  readonly run: Pass | Elsewhere;
  /** What this one is compared with besides the controls and peers of its input, by the name that the ratio gets. */
  readonly against?: Readonly<Record<string, Subject>>;
}

export interface Work {
  readonly chunks: number;
  readonly messages: number;
  readonly bytes: number;
}

export type Pass = { readonly pass: () => void };
export type Elsewhere = { readonly elsewhere: (milliseconds: number) => number };

/** Subjects that run in one process, one after the other. */
export interface Group {
  readonly name: string;
  /** Makes the inputs, and checks each peer against us: one that reads something else is announced and left out. */
  readonly prepare: (announce: Announce) => Subject[];
}

/** Tells the user of the bench something, once. */
export type Announce = (text: string) => void;
