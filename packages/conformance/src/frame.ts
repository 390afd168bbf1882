import { readUint32, writeUint32 } from "@millrace/core";

const NUMBER_AT = 5;

/** A video frame that can be told from every other one: a keyframe every 10. */
export function videoFrame(number: number, length = 200): Uint8Array {
  const frame = new Uint8Array(length).fill(number);
  frame[0] = number % 10 === 0 ? 0x17 : 0x27;
  frame[1] = 1;
  writeUint32(frame, NUMBER_AT, number);
  return frame;
}

/** Which frame this is, if it is whole: see {@link isWhole}. */
export function numberOf(payload: Uint8Array): number {
  return payload.length < NUMBER_AT + 4 ? -1 : readUint32(payload, NUMBER_AT);
}

/** Whether a frame is as {@link videoFrame} made it. */
export function isWhole(payload: Uint8Array): boolean {
  const number = numberOf(payload);
  if (number === -1) return false;
  const frame = videoFrame(number, payload.length);
  for (let index = 0; index < frame.length; index++) if (frame[index] !== payload[index]) return false;
  return true;
}

/** The numbers from `first` to the one before `end`. */
export function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}
