import type { AmfMessage, PlainObject, PlainValue } from "../inputs/amf-values.ts";
import { load } from "./installed.ts";

/** A package that reads and writes AMF0, behind one face. */
export interface AmfPeer {
  readonly name: string;
  /** All values of a message. It is told where each value ends, in case it cannot find out. */
  decode(bytes: Buffer, ends: readonly number[]): readonly unknown[];
  /** Makes a function that writes the values anew at each call. What can be made beforehand is. */
  encoder(message: AmfMessage): () => Uint8Array;
}

// What each package exports is stated below as far as it is used; their versions are pinned in bench/peers.

interface AmfJs {
  AMF0: object;
  AMFDecoder: new (source: { read(length: number): Buffer | null }) => { decode(version: object): unknown };
  AMFEncoder: new (target: { write(bytes: Buffer): void }) => { writeObject(value: unknown, version: object): void };
  ForcedTypeValue: new (value: unknown, type: unknown) => object;
}

/** It reads from and writes to streams; here these are an offset and a list. */
function amfjs(): AmfPeer | null {
  const library = load("amfjs") as AmfJs | null;
  if (library === null) return null;
  const { AMF0, AMFDecoder, AMFEncoder } = library;
  class Source {
    position = 0;
    private readonly bytes: Buffer;
    constructor(bytes: Buffer) {
      this.bytes = bytes;
    }
    read(length: number): Buffer | null {
      const end = this.position + length;
      if (end > this.bytes.length) return null;
      const piece = this.bytes.subarray(this.position, end);
      this.position = end;
      return piece;
    }
  }
  return {
    name: "amfjs",
    decode(bytes) {
      const source = new Source(bytes);
      const decoder = new AMFDecoder(source);
      const values: unknown[] = [];
      while (source.position < bytes.length) values.push(decoder.decode(AMF0));
      return values;
    },
    encoder:
      ({ values }) =>
      () => {
        const pieces: Buffer[] = [];
        const encoder = new AMFEncoder({ write: (bytes) => pieces.push(bytes) });
        for (const value of values) encoder.writeObject(value, AMF0);
        return Buffer.concat(pieces);
      },
  };
}

interface AstronautValue {
  readonly value: unknown;
  serialize(): Uint8Array;
}
interface AstronautAmf {
  AMF0: {
    Value: {
      any(value: unknown): AstronautValue;
      associativeArray(value: object): AstronautValue;
      deserialize(bytes: Uint8Array): AstronautValue;
    };
  };
}

/** It reads the first value of its input and does not say where that ended. */
function astronautlabs(): AmfPeer | null {
  if (load("reflect-metadata") === null) return null;
  const library = load("@astronautlabs/amf") as AstronautAmf | null;
  if (library === null) return null;
  const { Value } = library.AMF0;
  const wrap = (value: PlainValue, isEcmaArray: boolean): AstronautValue =>
    isEcmaArray && typeof value === "object" && value !== null ? Value.associativeArray(value) : Value.any(value);
  return {
    name: "@astronautlabs/amf",
    decode(bytes, ends) {
      let at = 0;
      return ends.map((end) => {
        const { value } = Value.deserialize(bytes.subarray(at, end));
        at = end;
        return value;
      });
    },
    encoder:
      ({ values, isEcmaArray }) =>
      () =>
        Buffer.concat(values.map((value) => wrap(value, isEcmaArray).serialize())),
  };
}

interface RtmpAmf {
  AMF0: new () => { encode(...values: unknown[]): Buffer; decode(bytes: Buffer): unknown[] };
}

function rtmpAmf(): AmfPeer | null {
  const library = load("rtmp-amf") as RtmpAmf | null;
  if (library === null) return null;
  const amf0 = new library.AMF0();
  return {
    name: "rtmp-amf",
    decode: (bytes) => amf0.decode(bytes),
    encoder:
      ({ values }) =>
      () =>
        amf0.encode(...values),
  };
}

interface NodeMediaServerAmf {
  decodeAmf0Cmd(bytes: Buffer): PlainObject;
  encodeAmf0Cmd(command: PlainObject): Buffer;
  decodeAmf0Data(bytes: Buffer): PlainObject;
  encodeAmf0Data(data: PlainObject): Buffer;
}

/** Not a package of its own, but the AMF that most RTMP servers in JavaScript run. It names the values of each message. */
function nodeMediaServerAmf(): AmfPeer | null {
  const amf = load("node-media-server/src/protocol/amf.js") as NodeMediaServerAmf | null;
  if (amf === null) return null;
  const names: Readonly<Record<string, readonly string[]>> = {
    connect: ["cmd", "transId", "cmdObj"],
    onStatus: ["cmd", "transId", "cmdObj", "info"],
    onMetaData: ["cmd", "method", "dataObj"],
  };
  return {
    name: "node-media-server",
    decode: (bytes) => Object.values(bytes[3] === 0x40 ? amf.decodeAmf0Data(bytes) : amf.decodeAmf0Cmd(bytes)),
    encoder({ name, values }) {
      const named = Object.fromEntries((names[name] ?? []).map((key, index) => [key, values[index]]));
      return name === "onMetaData" ? () => amf.encodeAmf0Data(named) : () => amf.encodeAmf0Cmd(named);
    },
  };
}

/** Those that are installed. */
export function amfPeers(): AmfPeer[] {
  return [amfjs(), astronautlabs(), rtmpAmf(), nodeMediaServerAmf()].filter((peer) => peer !== null);
}
