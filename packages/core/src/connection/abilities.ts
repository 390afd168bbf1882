import type { AmfObject } from "../amf/index.ts";
import { type Abilities, everyAbility } from "../media/index.ts";

/** What each end says of itself in `connect` and in its answer (Enhanced RTMP v2, `capsEx`). */
export const Capability = { Reconnect: 1, Multitrack: 2, ModEx: 4, NanosecondOffset: 8 } as const;

/** All of them. */
export const EVERY_CAPABILITY = 15;

/** The bits that an end has set; 0 when it has said nothing. */
export function capabilitiesOf(properties: AmfObject): number {
  const value = properties.get("capsEx");
  return typeof value === "number" ? value & EVERY_CAPABILITY : 0;
}

/**
 * What a player can read, as it has said: nothing beyond plain messages when it said nothing. Players are known that can
 * read more than they say, such as FFmpeg 9: they ask by `tracks=all` in the query of the stream's name.
 */
export function abilitiesOf(properties: AmfObject, query: string): Abilities {
  if (query.split("&").includes("tracks=all")) return everyAbility;
  const bits = capabilitiesOf(properties);
  return { multitrack: (bits & Capability.Multitrack) !== 0, modEx: (bits & Capability.ModEx) !== 0 };
}
