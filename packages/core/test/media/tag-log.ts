import { TagHead, TagKind } from "../../src/media/index.ts";
import { optionOf, type Setting } from "../vector-file.ts";

/** One for all cases, so that what it read before must make no difference. */
const head = new TagHead();
const kindNames = new Map<number, string>(Object.entries(TagKind).map(([name, kind]) => [kind, name]));

/** Writes down what the payload of a message, `option message=video` or `audio`, is for a relay. */
export function tagLog(bytes: Uint8Array, start: number, end: number, settings: readonly Setting[]): string[] {
  const message = optionOf(settings, "message");
  if (message === "video") head.readVideo(bytes, start, end);
  else if (message === "audio") head.readAudio(bytes, start, end);
  else throw new Error(`There is no message of ${message}.`);
  return [`kind=${kindNames.get(head.kind)} track=${head.trackId}`];
}
