import { AmfObject, type AmfValue } from "@millrace/core/amf";
import { ChunkEvent, ChunkParser, MessageType } from "@millrace/core/chunk";
import { ConnectionEvent, ServerConnection } from "@millrace/core/connection";
import { LiveStream } from "@millrace/core/live";
import { encodeValues } from "@millrace/core/message";
import { HANDSHAKE_LENGTH, readCapture } from "../inputs/captures.ts";
import { Chunker } from "../inputs/chunker.ts";
import { pool } from "../inputs/input.ts";
import { syntheticMessages } from "../inputs/messages.ts";
import { SeededRandom } from "../inputs/random.ts";
import { nodeMediaServerPublisher } from "../peers/node-media-server-publisher.ts";
import type { Announce, Group, Subject, Work } from "../subject.ts";

const MESSAGES = 20_000;
const PIECE = 65_536;
const random = new SeededRandom(0x636f6e6e).bytes(1536);

/** A whole publication as a server sees it: handshake, commands, and media up to the ring that players read. */
export const connectionGroup: Group = {
  name: "connection",
  prepare: (announce) => [
    ...connections("publication, synthetic 128", publication(128), announce),
    ...connections("publication, synthetic 4096", publication(4096), announce),
    ...connections("publication, ffmpeg5 capture", readCapture("ffmpeg5-publish-h264-aac.c2s"), announce),
  ],
};

function connections(label: string, bytes: Uint8Array, announce: Announce): Subject[] {
  const start = pool.take(bytes.length);
  pool.memory.set(bytes, start);
  const work = workOf(bytes);
  const pass = (): void => {
    const messages = serve(start, start + bytes.length);
    if (messages !== work.messages) throw new Error(`${messages} messages reached the ring, not ${work.messages}.`);
  };
  const own: Subject = { name: "ServerConnection", input: label, kind: "own", work, run: { pass } };
  const peer = nodeMediaServerPublisher(label, Buffer.from(bytes), PIECE, work, announce);
  return peer === null ? [own] : [own, peer];
}

/** @returns how many messages reached the ring. */
function serve(start: number, end: number): number {
  const connection = new ServerConnection({ pool, random, now: 0 });
  const stream = new LiveStream(pool);
  for (let at = start; at < end; at += PIECE) {
    connection.tick(0);
    connection.feed(pool.memory, at, Math.min(end, at + PIECE));
    let event = connection.poll();
    for (; event !== ConnectionEvent.NeedData; event = connection.poll()) {
      if (event === ConnectionEvent.Request) answer(connection, stream);
      else if (event === ConnectionEvent.Failed) throw new Error(connection.error?.message);
      else if (event === ConnectionEvent.Closed) break;
    }
    while (connection.output.lend()) connection.output.release();
  }
  const messages = stream.next;
  connection.close();
  stream.close();
  return messages;
}

function answer(connection: ServerConnection, stream: LiveStream): void {
  switch (connection.request?.kind) {
    case "connect":
      connection.acceptConnect();
      break;
    case "publish":
      stream.beginPublication();
      connection.acceptPublish(stream);
      break;
    default:
      connection.refuse("There is nothing to play.");
  }
}

/** What a client sends that publishes the synthetic messages. */
function publication(chunkSize: number): Uint8Array {
  const messages = syntheticMessages(MESSAGES);
  const length = messages.reduce((sum, { payload }) => sum + payload.length * 1.02 + 16, 2 * HANDSHAKE_LENGTH);
  const chunker = new Chunker(Math.ceil(length));
  const handshake = new Uint8Array(HANDSHAKE_LENGTH);
  handshake[0] = 3;
  chunker.raw(handshake);
  const command = (messageStreamId: number, values: AmfValue[]): void =>
    chunker.message({
      chunkStreamId: 3,
      messageType: MessageType.CommandAmf0,
      messageStreamId,
      timestamp: 0,
      payload: encodeValues(...values),
    });
  chunker.setChunkSize(chunkSize);
  command(0, ["connect", 1, AmfObject.of({ app: "live", tcUrl: "rtmp://localhost/live" })]);
  command(0, ["createStream", 2, null]);
  command(1, ["publish", 3, null, "camera", "live"]);
  for (const message of messages) chunker.message(message);
  return chunker.bytes.subarray(0, chunker.length);
}

/** Its chunks, and the messages that belong into the ring: audio, video and data. */
function workOf(bytes: Uint8Array): Work {
  const parser = new ChunkParser();
  let chunks = 0;
  let messages = 0;
  parser.feed(bytes, HANDSHAKE_LENGTH, bytes.length);
  while (parser.poll() === ChunkEvent.Payload) {
    chunks++;
    const { messageType } = parser;
    const isMedia = messageType === MessageType.Audio || messageType === MessageType.Video;
    if (parser.isLast && (isMedia || messageType === MessageType.DataAmf0)) messages++;
  }
  return { chunks, messages, bytes: bytes.length };
}
