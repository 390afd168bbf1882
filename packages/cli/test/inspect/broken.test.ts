import { ErrorCode } from "@millrace/core/errors";
import { describe, expect, it } from "vitest";
import { concat, hex, pcapOf, type TcpOptions, text } from "../capture/builder.ts";
import { createStream, handshake, message } from "./bytes.ts";
import { inspectBytes, type Line, objectsOf } from "./run.ts";

const whole = concat(createStream, message(6, 9, 1, 40, "17010000"));
/** A continuation on a chunk stream that never began. */
const nonsense = hex("c7 0102030405060708");

async function linesOf(bytes: Uint8Array): Promise<{ lines: Line[]; exitCode: number; stderr: string }> {
  const { stdout, exitCode, stderr } = await inspectBytes(bytes, { json: true });
  return { lines: objectsOf(stdout), exitCode, stderr };
}

describe("a raw stream that breaks", () => {
  const errorAt = (offset: number) => ({
    error: {
      code: "ChunkHeaderWithoutPredecessor",
      number: ErrorCode.ChunkHeaderWithoutPredecessor,
      message: "Chunk stream 7 begins with a header of format 3.",
      offset,
    },
  });

  it("ends with a line that says so; the messages before it are there", async () => {
    const { lines, exitCode, stderr } = await linesOf(concat(whole, nonsense));
    expect(lines.map(({ type }) => type)).toEqual([20, 9, undefined]);
    expect(lines[2]).toEqual(errorAt(whole.length));
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `millrace: FILE: the stream cannot be read behind byte ${whole.length}: Chunk stream 7 begins with a header of format 3.\n`,
    );
  });

  it("counts the offset from the first byte of the file", async () => {
    const { lines } = await linesOf(concat(handshake(), whole, nonsense));
    expect(lines).toHaveLength(3);
    expect(lines[2]).toEqual(errorAt(3073 + whole.length));
  });

  it("may break at its first byte, with the handshake or without", async () => {
    expect((await linesOf(nonsense)).lines).toEqual([errorAt(0)]);
    expect((await linesOf(concat(handshake(), nonsense))).lines).toEqual([errorAt(3073)]);
  });

  it("may break by what a message says", async () => {
    const { lines, exitCode } = await linesOf(concat(whole, message(2, 1, 0, 0, "00000000"), whole));
    expect(lines[2]?.error).toMatchObject({ code: "ChunkSizeZero", number: 203 });
    expect([lines.length, exitCode]).toEqual([3, 1]);
  });

  it("does not break by its mere end", async () => {
    const { lines, exitCode, stderr } = await linesOf(whole.subarray(0, -1));
    expect([lines.length, exitCode]).toEqual([1, 0]);
    expect(stderr).toBe("millrace: FILE: the stream ends inside a message, on chunk stream 6\n");
    const onlyHandshake = await linesOf(handshake().subarray(0, 2000));
    expect(onlyHandshake).toEqual({
      lines: [],
      exitCode: 0,
      stderr: "millrace: FILE: the stream ends inside the handshake\n",
    });
  });

  it("takes messages of any length", async () => {
    const long = new Uint8Array(0xffffff).fill(0x17);
    const { lines, exitCode } = await linesOf(
      concat(message(2, 1, 0, 0, "00ffffff"), message(6, 9, 1, 0, long), whole),
    );
    expect(lines.map(({ length }) => length)).toEqual([4, 0xffffff, 25, 4]);
    expect(exitCode).toBe(0);
  });
});

describe("a capture of several connections", () => {
  const client = (clientPort: number, sequence: number, payload: Uint8Array): TcpOptions => ({
    clientPort,
    sequence,
    payload,
  });

  it("goes on with the others when one breaks", async () => {
    const { lines, exitCode } = await linesOf(
      pcapOf(
        client(50_000, 1, concat(handshake(), whole)),
        client(50_001, 1, concat(handshake(), whole, nonsense)),
        client(50_001, 1 + 3073 + whole.length + nonsense.length, whole),
        client(50_000, 1 + 3073 + whole.length, whole),
      ),
    );
    expect(lines.map(({ connection, type }) => [connection, type])).toEqual([
      [0, 20],
      [0, 9],
      [1, 20],
      [1, 9],
      [1, undefined],
      [0, 20],
      [0, 9],
    ]);
    expect(lines[4]).toMatchObject({ error: { offset: 3073 + whole.length }, connection: 1, direction: "c2s" });
    expect(exitCode).toBe(1);
  });

  it("says where something is missing, and ends that direction", async () => {
    const { lines, exitCode, stderr } = await linesOf(
      pcapOf(client(50_000, 1, concat(handshake(), whole)), client(50_000, 1 + 3073 + whole.length + 10, whole)),
    );
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatchObject({
      error: { code: "CaptureGap", number: null, offset: 3073 + whole.length },
      connection: 0,
      direction: "c2s",
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("10 bytes are missing");
  });

  it("leaves out what is not RTMP", async () => {
    const request = { clientPort: 40_000, serverPort: 80, sequence: 1, payload: "GET / HTTP/1.1\r\n\r\n" };
    const answer: TcpOptions = { ...request, from: "server", payload: "HTTP/1.1 200 OK\r\n\r\n" };
    const { lines, exitCode, stderr } = await linesOf(
      pcapOf(request, answer, client(50_000, 1, concat(handshake(), whole))),
    );
    expect(lines.map(({ connection, type }) => [connection, type])).toEqual([
      [1, 20],
      [1, 9],
    ]);
    expect(stderr).toBe("millrace: FILE: not RTMP, left out: connection 0 c2s, connection 0 s2c\n");
    expect(exitCode).toBe(0);
  });

  it("does not guess at RTMPE", async () => {
    const { lines, stderr } = await linesOf(pcapOf(client(50_000, 1, handshake(6, "00112233", "80000302"))));
    expect(lines).toEqual([]);
    expect(stderr).toBe("millrace: FILE: connection 0 c2s is encrypted (RTMPE version 6), not shown\n");
  });
});

describe("a file with nothing to show", () => {
  it("may be empty, or hold other things", async () => {
    const web = pcapOf({ sequence: 1, serverPort: 80, payload: "GET / HTTP/1.1\r\n\r\n" });
    for (const bytes of [new Uint8Array(), pcapOf(), web, text("# A text that nobody")]) {
      const { stdout, stderr, exitCode } = await inspectBytes(bytes);
      expect(stdout).toBe("");
      expect(stderr).toContain("millrace: FILE: there is no RTMP in it\n");
      expect(exitCode).toBe(1);
    }
  });

  it("may be a capture that breaks the rules of its format: what came before is shown", async () => {
    const good = pcapOf({ sequence: 1, payload: concat(handshake(), whole) });
    const { lines, exitCode, stderr } = await linesOf(concat(good, new Uint8Array(16).fill(0xff)));
    expect(lines.map(({ type }) => type)).toEqual([20, 9, undefined]);
    expect(lines[2]?.error).toMatchObject({ code: "CaptureMalformed", number: null, offset: good.length + 8 });
    expect(stderr).toContain("a packet claims");
    expect(exitCode).toBe(1);
  });
});
