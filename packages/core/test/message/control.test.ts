import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BandwidthLimit,
  controlPayload,
  peerBandwidthPayload,
  readBandwidthLimit,
  readControlValue,
  readUserControl,
  UserControlEvent,
  userControlPayload,
} from "../../src/message/index.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

/** Reads a payload that lies between other bytes, which must not be looked at. */
function between<Result>(text: string, read: (bytes: Uint8Array, start: number, end: number) => Result): Result {
  const payload = bytesOf(text);
  const memory = new Uint8Array(payload.length + 20).fill(0xee);
  memory.set(payload, 7);
  return read(memory, 7, 7 + payload.length);
}

describe("protocol control (RTMP 5.4)", () => {
  it.each([
    ["Acknowledgement of 2,500,000", "002625a0", 2_500_000],
    ["a chunk size of 4096", "00001000", 4096],
    ["the chunk stream of an Abort", "00000004", 4],
    ["zero", "00000000", 0],
    ["all bits", "ffffffff", 4_294_967_295],
  ])("%s", (_, payload, value) => {
    expect(hex(controlPayload(value))).toBe(payload);
    expect(between(payload, readControlValue)).toBe(value);
  });

  it("is null where it is cut off, and takes the prefix of what is longer", () => {
    for (const payload of ["", "00", "0026", "002625"]) expect(between(payload, readControlValue)).toBeNull();
    expect(between("002625a0ff", readControlValue)).toBe(2_500_000);
  });

  it("Set Peer Bandwidth", () => {
    expect(hex(peerBandwidthPayload(2_500_000, BandwidthLimit.Dynamic))).toBe("002625a002");
    expect(between("002625a002", readControlValue)).toBe(2_500_000);
    expect(between("002625a000", readBandwidthLimit)).toBe(BandwidthLimit.Hard);
    expect(between("002625a001", readBandwidthLimit)).toBe(BandwidthLimit.Soft);
    expect(between("002625a002", readBandwidthLimit)).toBe(BandwidthLimit.Dynamic);
  });

  it("takes a Set Peer Bandwidth without its limit type as dynamic", () => {
    expect(between("002625a0", readBandwidthLimit)).toBe(BandwidthLimit.Dynamic);
  });
});

describe("user control (RTMP 6.2, 7.1.7)", () => {
  it.each([
    ["Stream Begin", "000000000001", UserControlEvent.StreamBegin, [1]],
    ["Stream EOF", "000100000001", UserControlEvent.StreamEof, [1]],
    ["Stream Dry", "000200000001", UserControlEvent.StreamDry, [1]],
    ["Set Buffer Length", "00030000000100000bb8", UserControlEvent.SetBufferLength, [1, 3000]],
    ["Stream Is Recorded", "000400000001", UserControlEvent.StreamIsRecorded, [1]],
    ["Ping Request", "0006000003e8", UserControlEvent.PingRequest, [1000]],
    ["Ping Response", "0007000003e8", UserControlEvent.PingResponse, [1000]],
    ["SWF verification request", "001a", UserControlEvent.SwfVerifyRequest, []],
    ["Buffer Empty", "001f00000001", UserControlEvent.BufferEmpty, [1]],
    ["Buffer Ready", "002000000001", UserControlEvent.BufferReady, [1]],
    ["Flow Synchronization", "00220000000500000002", UserControlEvent.FlowSynchronization, [5, 2]],
    ["Set Keepalive Timers", "0029000007d000000fa0", UserControlEvent.SetKeepaliveTimers, [2000, 4000]],
  ])("%s", (_, payload, event, values) => {
    expect(hex(userControlPayload(event, ...values))).toBe(payload);
    expect(between(payload, readUserControl)).toEqual({ event, value: values[0] ?? 0, second: values[1] ?? 0 });
  });

  it("is null for every event that lacks a byte of its data", () => {
    for (const payload of ["000000000001", "00030000000100000bb8", "0006000003e8", "00220000000500000002"]) {
      for (let length = 0; length < payload.length; length += 2) {
        expect(between(payload.slice(0, length), readUserControl), payload.slice(0, length)).toBeNull();
      }
    }
  });

  it("reads a SWF verification response as far as it is numbers", () => {
    const response = "001b0101000003e8000003e843990e16779c4e9fd34d5e26ea42dc39be411c5828d0298fed3d5acdede9932e";
    expect(between(response, readUserControl)).toEqual({
      event: UserControlEvent.SwfVerifyResponse,
      value: 0x01010000,
      second: 0x03e80000,
    });
  });

  it("reads events that no specification defines", () => {
    expect(between("0005", readUserControl)).toEqual({ event: 5, value: 0, second: 0 });
    expect(between("ffff00000009", readUserControl)).toEqual({ event: 65_535, value: 9, second: 0 });
  });

  it("reads what it wrote, and takes anything else for null or for numbers", () => {
    const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), uint32, uint32, (event, value, second) => {
        expect(between(hex(userControlPayload(event, value, second)), readUserControl)).toEqual({
          event,
          value,
          second,
        });
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const read = between(hex(bytes), readUserControl);
        expect(read === null || hex(bytes).startsWith(hex(userControlPayload(read.event)))).toBe(true);
      }),
    );
  });
});
