import { readUint8, utf8Length, writeUtf8 } from "../bytes/index.ts";

/** Bytes that one part of a name may have, so that there is room for an ending: file systems take 255. */
const LONGEST_PART = 200;
/** Folders in folders, and the file. */
const MOST_PARTS = 8;

/** What Windows takes for a device, whatever its ending. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
/** A folder of that name might be taken for a file of ours. */
const OUR_ENDING = /\.(?=(flv|recording)$)/i;

/**
 * The name of the file of a recording in its storage, without an ending: the path of the stream, of which each part is made
 * harmless. Letters, digits, `-`, `_` and `.` stay as they are; any other byte of its UTF-8 becomes `%` and two hex digits, and
 * so does a dot at either end of a part: there is no `..`, no hidden file and no device. Different paths have different names.
 *
 * @returns null when no name can be made of it: a part is empty or too long, or there are too many of them.
 */
export function recordingFileName(path: string): string | null {
  const parts = path.split("/");
  if (parts.length > MOST_PARTS) return null;
  const names = parts.map((part, index) => encodePart(part, index < parts.length - 1));
  return names.every((name) => name !== "" && name.length <= LONGEST_PART) ? names.join("/") : null;
}

function encodePart(part: string, isFolder: boolean): string {
  // A name that long is refused anyway.
  if (part.length > LONGEST_PART) return "";
  const bytes = new Uint8Array(utf8Length(part));
  writeUtf8(part, bytes, 0);
  let name = "";
  for (let at = 0; at < bytes.length; at++) name += encodeByte(readUint8(bytes, at));
  name = name
    .replace(/^\.|\.$/g, "%2e")
    .replace(DEVICE, (device) => encodeByte(device.charCodeAt(0), true) + device.slice(1));
  return isFolder ? name.replace(OUR_ENDING, "%2e") : name;
}

function encodeByte(byte: number, always = false): string {
  const character = String.fromCharCode(byte);
  if (!always && /[\w.-]/.test(character)) return character;
  return `%${byte.toString(16).padStart(2, "0")}`;
}
