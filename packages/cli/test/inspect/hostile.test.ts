import { MessageType } from "@millrace/core/chunk";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Message } from "../../src/inspect/events.ts";
import { inspectCapture } from "../../src/inspect/inspect.ts";
import { JsonReport } from "../../src/inspect/json-report.ts";
import { TextReport } from "../../src/inspect/text-report.ts";
import { concat, pcapOf } from "../capture/builder.ts";
import { handshake } from "./bytes.ts";

const reports = [new JsonReport(true), new TextReport(true, (_, text) => text)];
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const control = /[\u0000-\u001f\u007f-\u009f]/;

const anyType = fc.oneof(fc.constantFrom(...Object.values(MessageType)), fc.nat(255));
/** Bytes among which AMF markers and codec ids are frequent. */
const payload = fc
  .array(fc.oneof(fc.nat(17), fc.constantFrom(0x17, 0x90, 0x97, 0xaf, 0x1b), fc.nat(255)), { maxLength: 60 })
  .map((bytes) => Uint8Array.from(bytes));

it("makes one clean line of every message, whatever its payload", () => {
  const lengths: number[] = [];
  fc.assert(
    fc.property(anyType, payload, (type, bytes) => {
      const place = { connection: 0, direction: "c2s" } as const;
      const fields = { place, time: 1, chunkStreamId: 3, type, streamId: 1, timestamp: 0 };
      const message: Message = { kind: "message", ...fields, bytes, start: 0, end: bytes.length };
      for (const report of reports) {
        const line = report.message(message);
        expect(line).not.toMatch(control);
        lengths.push(line.length);
      }
    }),
    { numRuns: 3000 },
  );
  expect(Math.max(...lengths)).toBeLessThan(2000);
});

it("reads any bytes to their end, as a raw stream or in a capture", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.boolean(), fc.uint8Array({ maxLength: 200 }), (inPcap, shakesHands, bytes) => {
      const stream = shakesHands ? concat(handshake(), bytes) : bytes;
      for (const event of inspectCapture(inPcap ? pcapOf({ sequence: 1, payload: stream }) : stream)) {
        if (event.kind === "message") for (const report of reports) expect(report.message(event)).not.toMatch(control);
      }
    }),
    { numRuns: 200 },
  );
});
