import { errorName } from "@millrace/core/errors";
import type { ServerEvent, WorkersEvent } from "@millrace/node-adapter";
import { LoadMeter, type LoadSource } from "./load.ts";
import type { Place, Report } from "./report.ts";

/** How often the load is told, in milliseconds. */
const LOAD_INTERVAL = 10_000;

/** Tells machines: one JSON object a line. */
export class JsonReport implements Report {
  listening(source: LoadSource, place: Place): void {
    print({ event: "listening", ...place });
    const meter = new LoadMeter(source);
    setInterval(() => print({ event: "load", ...meter.read() }), LOAD_INTERVAL).unref();
  }

  readonly event = ({ type, ...facts }: ServerEvent | WorkersEvent): void => {
    const peer = "peer" in facts ? { peer: facts.peer.address } : {};
    const code = "code" in facts ? { code: errorName(facts.code) } : {};
    const error = "error" in facts ? { error: String(facts.error) } : {};
    print({ event: type, ...facts, ...peer, ...code, ...error });
  };

  closing(): void {
    print({ event: "closing" });
  }
}

function print(object: object): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...object })}\n`);
}
