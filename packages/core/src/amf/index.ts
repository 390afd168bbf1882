export { Amf0Marker } from "./amf0-marker.ts";
export { Amf0Reader } from "./amf0-reader.ts";
export { Amf0Writer } from "./amf0-writer.ts";
export { Amf3Marker } from "./amf3-marker.ts";
export { Amf3Reader, type Amf3ReaderOptions } from "./amf3-reader.ts";
export { Amf3Writer } from "./amf3-writer.ts";
export { encodeGrowing } from "./encode.ts";
export {
  type Amf3Input,
  type Amf3Output,
  type AmfExternalClass,
  type AmfExternalClasses,
  flexClasses,
} from "./external-class.ts";
export {
  AmfDate,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfExternal,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  AmfProperties,
  AmfTraits,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "./values.ts";
