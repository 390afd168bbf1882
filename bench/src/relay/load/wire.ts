/**
 * What the load generator writes, as bytes. It has nothing from the core, so that a mistake of the core cannot hide in a
 * generator that makes the same one.
 */

/** The chunk size that the generator announces and writes with. */
export const CHUNK_SIZE = 4096;

export const MessageType = {
  SET_CHUNK_SIZE: 1,
  ACKNOWLEDGEMENT: 3,
  USER_CONTROL: 4,
  WINDOW_ACKNOWLEDGEMENT_SIZE: 5,
  AUDIO: 8,
  VIDEO: 9,
  DATA: 18,
  COMMAND: 20,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** C0 and C1: version 3, then time 0, version 0 and 1528 bytes that are never looked at. */
export const C0_C1: Buffer = Buffer.concat([Buffer.from("030000000000000000", "hex"), Buffer.alloc(1528, 0x5a)]);

/** S0, S1 and S2. */
export const SERVER_HANDSHAKE_LENGTH = 3073;

const CONNECT = "020007636f6e6e656374003ff000000000000003"; // "connect", 1, {
const END = "000009"; // }

/** Shorter than 128 bytes, so one chunk whatever the chunk size. */
export function connect(port: number): Buffer {
  const properties = [property("app", "live"), property("tcUrl", `rtmp://127.0.0.1:${port}/live`)];
  return command(0, Buffer.concat([Buffer.from(CONNECT, "hex"), ...properties, Buffer.from(END, "hex")]));
}

/** "createStream", 2, null */
export const CREATE_STREAM: Buffer = command(
  0,
  Buffer.from("02000c63726561746553747265616d00400000000000000005", "hex"),
);

/** "publish", 3, null, name, "live" */
export function publish(streamId: number, name: string): Buffer {
  const start = Buffer.from("0200077075626c69736800400800000000000005", "hex");
  return command(streamId, Buffer.concat([start, text(name), Buffer.from("0200046c697665", "hex")]));
}

/** "play", 3, null, name, -1000 (live only, as FFmpeg says it) */
export function play(streamId: number, name: string): Buffer {
  const start = Buffer.from("020004706c617900400800000000000005", "hex");
  return command(streamId, Buffer.concat([start, text(name), Buffer.from("00c08f400000000000", "hex")]));
}

/** "@setDataFrame", "onMetaData", { what a 720p30 encoder with AAC says } */
export function metadata(bitsPerSecond: number): Buffer {
  const facts = { width: 1280, height: 720, framerate: 30, videocodecid: 7, audiocodecid: 10, audiosamplerate: 44_100 };
  const rates = { videodatarate: bitsPerSecond / 1000, audiodatarate: 62 };
  const properties = Object.entries({ ...facts, ...rates }).map(([name, value]) =>
    Buffer.concat([key(name), number(value)]),
  );
  const names = [text("@setDataFrame"), text("onMetaData")];
  return Buffer.concat([...names, Buffer.from("03", "hex"), ...properties, Buffer.from(END, "hex")]);
}

export function setChunkSize(): Buffer {
  return control(MessageType.SET_CHUNK_SIZE, uint32(CHUNK_SIZE));
}

export function acknowledgement(bytes: number): Buffer {
  return control(MessageType.ACKNOWLEDGEMENT, uint32(bytes));
}

/** The answer to a ping: event 7 with the time that came with event 6. */
export function pong(time: Uint8Array): Buffer {
  return control(MessageType.USER_CONTROL, Buffer.concat([Buffer.from("0007", "hex"), time]));
}

/**
 * A message in chunks of {@link CHUNK_SIZE}.
 *
 * @param delta - null for a full header with `time` as timestamp; else a header of type 1 with this delta
 */
export function message(
  chunkStreamId: number,
  type: number,
  streamId: number,
  time: number,
  delta: number | null,
  payload: Buffer,
): Buffer {
  const header = Buffer.alloc(delta === null ? 12 : 8);
  header[0] = (delta === null ? 0 : 0x40) | chunkStreamId;
  header.writeUIntBE(delta ?? time, 1, 3);
  header.writeUIntBE(payload.length, 4, 3);
  header[7] = type;
  if (delta === null) header.writeUInt32LE(streamId, 8);
  const continuations = Math.max(0, Math.ceil(payload.length / CHUNK_SIZE) - 1);
  const bytes = Buffer.allocUnsafe(header.length + payload.length + continuations);
  header.copy(bytes);
  let at = header.length;
  for (let from = 0; from < payload.length; from += CHUNK_SIZE) {
    if (from > 0) bytes[at++] = 0xc0 | chunkStreamId;
    at += payload.copy(bytes, at, from, Math.min(payload.length, from + CHUNK_SIZE));
  }
  return bytes;
}

function command(streamId: number, payload: Buffer): Buffer {
  return message(3, MessageType.COMMAND, streamId, 0, null, payload);
}

function control(type: number, payload: Buffer): Buffer {
  return message(2, type, 0, 0, null, payload);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function property(name: string, value: string): Buffer {
  return Buffer.concat([key(name), text(value)]);
}

function key(name: string): Buffer {
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name, "latin1")]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([2, 0, value.length]), Buffer.from(value, "latin1")]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}
