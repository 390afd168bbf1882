import { parseArgs } from "node:util";

export const usage = `npm run bench -- [options]

  --quick             one process and little time: to see that it works, not how fast it is
  --filter TEXT       only the groups whose name contains this
  --list              the groups
  --processes N       processes per group whose medians are taken (default 5)
  --json              a line of JSON per row instead of tables
  --markdown          tables for bench/README.md
  --save NAME         keep the run in bench/saved
  --compare NAME      show what changed since a saved run
  --install-peers     install the packages of bench/peers, then stop
  --help
`;

export interface Options {
  readonly quick: boolean;
  readonly filter: string;
  readonly list: boolean;
  /** 0 when it is left to the budget. */
  readonly processes: number;
  readonly json: boolean;
  readonly markdown: boolean;
  readonly save: string | null;
  readonly compare: string | null;
  readonly installPeers: boolean;
  readonly help: boolean;
}

/** @throws TypeError or RangeError that says what is wrong with the command line. */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      filter: { type: "string", default: "" },
      list: { type: "boolean", default: false },
      processes: { type: "string", default: "0" },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      save: { type: "string" },
      compare: { type: "string" },
      "install-peers": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const processes = Number(values.processes);
  if (!Number.isInteger(processes) || processes < 0) throw new RangeError("--processes takes a number of processes.");
  return {
    ...values,
    processes,
    save: values.save ?? null,
    compare: values.compare ?? null,
    installPeers: values["install-peers"],
  };
}
