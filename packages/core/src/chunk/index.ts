export { Assembly, MessageAssembler } from "./assembler.ts";
export { isExtended, wireLength, writeContinuation, writeFullHeader } from "./header.ts";
export { lengthLimitOf, MessageType } from "./message-type.ts";
export { ChunkEvent, ChunkParser, type ChunkParserOptions } from "./parser.ts";
export { MessageEvent, MessageReader } from "./reader.ts";
export { type ChunkTolerances, defaultTolerances } from "./tolerances.ts";
export { ChunkWriter, type ChunkWriterOptions, Priority } from "./writer.ts";
