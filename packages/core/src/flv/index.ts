export { FlvEvent, FlvReader, type FlvReaderOptions } from "./reader.ts";
export {
  FLV_HEADER_BYTES,
  FLV_TAG_HEADER_BYTES,
  PREVIOUS_TAG_SIZE_BYTES,
  writeFlvHeader,
  writeFlvTag,
  writeFlvTagHeader,
  writePreviousTagSize,
} from "./writer.ts";
