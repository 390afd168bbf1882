export { TAG_HEAD_BYTES, TagHead, TagKind } from "./tag.ts";
