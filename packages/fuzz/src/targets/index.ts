import type { Target } from "../target.ts";
import { amf0, amf3 } from "./amf.ts";
import { chunk } from "./chunk.ts";
import { client } from "./client.ts";
import { capture, flv, recording } from "./files.ts";
import { handshake } from "./handshake.ts";
import { codec, media } from "./media.ts";
import { aggregate, message } from "./message.ts";
import { relay } from "./relay.ts";
import { server } from "./server.ts";
import { sharedObject } from "./shared-object.ts";
import { writer } from "./writer.ts";

/** All that reads what others wrote. */
export const targets: readonly Target[] = [
  chunk,
  writer,
  handshake,
  amf0,
  amf3,
  message,
  aggregate,
  media,
  codec,
  flv,
  capture,
  recording,
  sharedObject,
  server,
  client,
  relay,
];
