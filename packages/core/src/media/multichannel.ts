import { readUint8, readUint32, writeUint32 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";

/** How the channels of audio are named (Enhanced RTMP v2, "AudioChannelOrder"). */
export const ChannelOrder = {
  /** Only their number is known. */
  Unspecified: 0,
  /** By a mask, in the order of its bits. */
  Native: 1,
  /** One by one. */
  Custom: 2,
} as const;
export type ChannelOrder = (typeof ChannelOrder)[keyof typeof ChannelOrder];

/** The body of an audio message of the type MultichannelConfig (Enhanced RTMP v2, "Enhanced Audio"). */
export interface MultichannelConfig {
  /** 0 to 255: see {@link ChannelOrder}. Of others only the number of channels is known. */
  readonly order: number;
  /** 0 to 255. */
  readonly channels: number;
  /** Of the native order, 0 to 2^32 - 1: bits by {@link Channel}. Else null. */
  readonly mask: number | null;
  /** Of the custom order, a {@link Channel} for each channel, 0 to 255. Else null. */
  readonly map: readonly number[] | null;
}

/**
 * Reads a MultichannelConfig from bytes[start, end); an offset of an error counts from `start`.
 *
 * @returns null for an empty body: an early draft had this packet type for the end of a sequence.
 */
export function readMultichannelConfig(
  bytes: Uint8Array,
  start: number,
  end: number,
): MultichannelConfig | ProtocolError | null {
  if (start === end) return null;
  if (end - start < 2) return truncated(end - start);
  const order = readUint8(bytes, start);
  const channels = readUint8(bytes, start + 1);
  const at = start + 2;
  if (order === ChannelOrder.Native) {
    if (end - at < 4) return truncated(end - start);
    return { order, channels, mask: readUint32(bytes, at), map: null };
  }
  if (order === ChannelOrder.Custom) {
    if (end - at < channels) return truncated(end - start);
    const map = Array.from({ length: channels }, (_, index) => readUint8(bytes, at + index));
    return { order, channels, mask: null, map };
  }
  return { order, channels, mask: null, map: null };
}

function truncated(offset: number): ProtocolError {
  const message = "The channel configuration ends before what it has to say.";
  return new ProtocolError(ErrorCode.MediaConfigTruncated, message, offset);
}

/**
 * The body of a message that says which channels there are: see `audioPayload`.
 *
 * @throws RangeError when a number is out of range, or when mask or map are not those of the order.
 */
export function multichannelConfigBody({ order, channels, mask, map }: MultichannelConfig): Uint8Array {
  checkByte("order", order);
  checkByte("number of channels", channels);
  if ((mask !== null) !== (order === ChannelOrder.Native))
    throw new RangeError("The native order has a mask, others not.");
  if ((map !== null) !== (order === ChannelOrder.Custom))
    throw new RangeError("The custom order has a map, others not.");
  if (map !== null && map.length !== channels) {
    throw new RangeError(`The map must have ${channels} channels, as many as there are, not ${map.length}.`);
  }
  const body = new Uint8Array(2 + (mask === null ? 0 : 4) + (map?.length ?? 0));
  body[0] = order;
  body[1] = channels;
  if (mask !== null) {
    if (mask >>> 0 !== mask) throw new RangeError(`A channel mask has 32 bits; ${mask} is none.`);
    writeUint32(body, 2, mask);
  }
  map?.forEach((channel, index) => {
    checkByte("channel", channel);
    body[2 + index] = channel;
  });
  return body;
}

function checkByte(what: string, value: number): void {
  if ((value & 255) !== value) throw new RangeError(`The ${what} must be an integer from 0 to 255, not ${value}.`);
}
