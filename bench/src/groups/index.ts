import type { Group } from "../subject.ts";
import { amfGroup } from "./amf.ts";
import { capturesGroup } from "./captures.ts";
import { connectionGroup } from "./connection.ts";
import { handshakeGroup } from "./handshake.ts";
import { apartGroup, bytewiseGroup, readingGroup } from "./reading.ts";
import { writingGroup } from "./writing.ts";

export const groups: readonly Group[] = [
  readingGroup(128),
  readingGroup(4096),
  readingGroup(65_536),
  apartGroup,
  bytewiseGroup,
  capturesGroup,
  writingGroup(128),
  writingGroup(4096),
  amfGroup,
  handshakeGroup,
  connectionGroup,
];
