export { Amf0Marker } from "./amf0-marker.ts";
export { Amf0Reader } from "./amf0-reader.ts";
export { Amf0Writer } from "./amf0-writer.ts";
export {
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  AmfProperties,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "./values.ts";
