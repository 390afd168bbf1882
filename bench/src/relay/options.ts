import { parseArgs } from "node:util";

export const usage = `npm run bench:relay -- [options]

  --scenario NAME     only this one; may be repeated
  --server NAME       only this one; may be repeated
  --list              the scenarios and the servers
  --seconds N         another length of the measured window
  --players N         another number of players or idle connections; all kinds of them in proportion
  --publishers N      another number of publishers
  --processes N       processes of players (default 1)
  --rounds N          run all of it so many times and take medians (default 1)
  --srs PATH          SRS too, whose binary this is
  --json              a line of JSON per row instead of tables
  --help
`;

export interface Options {
  /** Empty for all. */
  readonly scenarios: readonly string[];
  readonly servers: readonly string[];
  readonly list: boolean;
  readonly seconds: number | null;
  readonly players: number | null;
  readonly publishers: number | null;
  readonly processes: number;
  readonly rounds: number;
  readonly srs: string | null;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws TypeError or RangeError that says what is wrong with the command line. */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      scenario: { type: "string", multiple: true, default: [] },
      server: { type: "string", multiple: true, default: [] },
      list: { type: "boolean", default: false },
      seconds: { type: "string" },
      players: { type: "string" },
      publishers: { type: "string" },
      processes: { type: "string", default: "1" },
      rounds: { type: "string", default: "1" },
      srs: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    scenarios: values.scenario,
    servers: values.server,
    list: values.list,
    seconds: values.seconds === undefined ? null : positive("--seconds", values.seconds),
    players: values.players === undefined ? null : positive("--players", values.players),
    publishers: values.publishers === undefined ? null : positive("--publishers", values.publishers),
    processes: positive("--processes", values.processes),
    rounds: positive("--rounds", values.rounds),
    srs: values.srs ?? null,
    json: values.json,
    help: values.help,
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${option} takes a whole number from 1 on.`);
  return value;
}
