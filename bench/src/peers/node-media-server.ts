import { count, difference } from "../checksum.ts";
import { type Input, viewOf } from "../inputs/input.ts";
import type { Announce, Subject } from "../subject.ts";
import { load } from "./installed.ts";

/** What of node-media-server's class is used here. */
export interface NodeMediaServerRtmp {
  handshakeState: number;
  parserPacket: { header: { type: number; length: number }; payload: Uint8Array };
  parserData(bytes: Uint8Array): string | null;
  packetHandler(): void;
  controlHandler(): void;
  onOutputCallback: (bytes: Uint8Array) => void;
  onPacketCallback: (packet: object) => void;
}

/** Its state when the handshake is over. */
const CHUNKS = 3;

/** The class that reads and writes RTMP in node-media-server 4, or null when it is not installed. */
export function nodeMediaServer(): (new () => NodeMediaServerRtmp) | null {
  // The version is pinned in bench/peers; this is what it exports there.
  return load("node-media-server/src/protocol/rtmp.js") as (new () => NodeMediaServerRtmp) | null;
}

/** Its parser alone: whole messages, and nothing is done with them. */
export function nodeMediaServerSubject(label: string, input: Input, piece: number, announce: Announce): Subject | null {
  const Rtmp = nodeMediaServer();
  if (Rtmp === null) return null;
  const pieces = piecesOf(input, piece);
  const tally = { messages: 0, bytes: 0, checksum: 0 };
  try {
    const checking = parserOf(Rtmp, ({ header, payload }) => count(tally, header.type, payload, 0, header.length));
    for (const bytes of pieces) checking.parserData(bytes);
  } catch (error) {
    announce(`node-media-server does not count for ${label}: ${error}`);
    return null;
  }
  const obstacle = difference(input.tally, tally);
  if (obstacle !== null) {
    announce(`node-media-server does not count for ${label}: ${obstacle}`);
    return null;
  }

  let total = 0;
  const parser = parserOf(Rtmp, ({ header }) => {
    total += header.length;
  });
  const pass = (): void => {
    total = 0;
    for (const bytes of pieces) parser.parserData(bytes);
    if (total !== input.tally.bytes) throw new Error(`node-media-server read ${total} bytes of ${label}.`);
  };
  const work = { chunks: input.chunks, messages: input.tally.messages, bytes: input.end - input.start };
  return { name: "node-media-server", input: label, kind: "peer", work, run: { pass } };
}

type Handler = (packet: NodeMediaServerRtmp["parserPacket"]) => void;

interface Parser extends NodeMediaServerRtmp {
  handle: Handler;
}

let parserClass: (new () => Parser) | null = null;

function parserOf(Rtmp: new () => NodeMediaServerRtmp, handle: Handler): NodeMediaServerRtmp {
  parserClass ??= classOf(Rtmp);
  const parser = new parserClass();
  parser.handle = handle;
  parser.handshakeState = CHUNKS;
  return parser;
}

/** Made once: if each parser were of a class of its own, V8 would find its methods megamorphic and they would be slow. */
function classOf(Rtmp: new () => NodeMediaServerRtmp): new () => Parser {
  return class extends Rtmp {
    handle: Handler = () => {};
    override packetHandler(): void {
      if (this.parserPacket.header.type < 7) this.controlHandler(); // it sets the chunk size
      this.handle(this.parserPacket);
    }
  };
}

/** Views, made beforehand: a socket would hand out Buffers too. */
function piecesOf(input: Input, piece: number): Uint8Array[] {
  const bytes = viewOf(input);
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.ceil(all.length / piece) }, (_, index) =>
    all.subarray(index * piece, (index + 1) * piece),
  );
}
