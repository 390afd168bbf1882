export { copyBytes } from "./copy.ts";
export {
  readInt,
  readInt32,
  readInt32LE,
  readUint8,
  readUint16,
  readUint24,
  readUint32,
  readWord,
  writeUint16,
  writeUint24,
  writeUint32,
  writeUint32LE,
} from "./integers.ts";
export { BufferPool } from "./pool.ts";
export { SegmentRing, type SegmentRingOptions } from "./ring.ts";
export { readUtf8, utf8Length, writeUtf8 } from "./utf8.ts";
