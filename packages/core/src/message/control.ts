import { readUint8, readUint16, readUint32, writeUint16, writeUint32 } from "../bytes/index.ts";

/** How a peer is asked to limit its output (RTMP 5.4.5). */
export const BandwidthLimit = {
  /** To the given window. */
  Hard: 0,
  /** To the given window or the one in force, whichever is smaller. */
  Soft: 1,
  /** Like Hard when the last one was Hard, else not at all. */
  Dynamic: 2,
} as const;

/**
 * The number in an Acknowledgement, a Window Acknowledgement Size or a Set Peer Bandwidth (RTMP 5.4.3 to 5.4.5).
 *
 * @returns 0 to 4,294,967,295, or null when the payload is too short for it.
 */
export function readControlValue(bytes: Uint8Array, start: number, end: number): number | null {
  return end - start < 4 ? null : readUint32(bytes, start);
}

/** The payload of an Acknowledgement or a Window Acknowledgement Size. */
export function controlPayload(value: number): Uint8Array {
  const payload = new Uint8Array(4);
  writeUint32(payload, 0, value);
  return payload;
}

/** The payload of a Set Peer Bandwidth. */
export function peerBandwidthPayload(window: number, limit: number): Uint8Array {
  const payload = new Uint8Array(5);
  writeUint32(payload, 0, window);
  payload[4] = limit;
  return payload;
}

/** The events of user control messages (RTMP 6.2, 7.1.7; the last four only by custom, RFC 7425 for RTMFP's). */
export const UserControlEvent = {
  StreamBegin: 0,
  StreamEof: 1,
  StreamDry: 2,
  SetBufferLength: 3,
  StreamIsRecorded: 4,
  PingRequest: 6,
  PingResponse: 7,
  SwfVerifyRequest: 26,
  SwfVerifyResponse: 27,
  BufferEmpty: 31,
  BufferReady: 32,
  /** RTMFP only (RFC 7425 5.2). */
  FlowSynchronization: 34,
  /** RTMFP only (RFC 7425 5.3.4). */
  SetKeepaliveTimers: 41,
} as const;

/** A user control message. */
export interface UserControl {
  /** One of {@link UserControlEvent}, or a number that no specification defines. */
  readonly event: number;
  /**
   * The first four bytes of its data: a message stream id for the events about streams, a time in milliseconds for the
   * pings, a number of synchronisation, the server's keepalive period in milliseconds. 0 when the event has no data.
   */
  readonly value: number;
  /** The next four: milliseconds for SetBufferLength and SetKeepaliveTimers, a count for FlowSynchronization; else 0. */
  readonly second: number;
}

const EVENT_BYTES = 2;

/** @returns null when the payload is too short for what its event must carry. */
export function readUserControl(bytes: Uint8Array, start: number, end: number): UserControl | null {
  const dataBytes = end - start - EVENT_BYTES;
  if (dataBytes < 0) return null;
  const event = readUint16(bytes, start);
  if (dataBytes < dataBytesOf(event)) return null;
  const data = start + EVENT_BYTES;
  return {
    event,
    value: dataBytes >= 4 ? readUint32(bytes, data) : 0,
    second: dataBytes >= 8 ? readUint32(bytes, data + 4) : 0,
  };
}

/** The payload of an event with its data, each value in four bytes. */
export function userControlPayload(event: number, ...values: number[]): Uint8Array {
  const payload = new Uint8Array(EVENT_BYTES + 4 * values.length);
  writeUint16(payload, 0, event);
  for (const [index, value] of values.entries()) writeUint32(payload, EVENT_BYTES + 4 * index, value);
  return payload;
}

/** The limit type of a Set Peer Bandwidth; Dynamic where a peer left it out. */
export function readBandwidthLimit(bytes: Uint8Array, start: number, end: number): number {
  return end - start < 5 ? BandwidthLimit.Dynamic : readUint8(bytes, start + 4);
}

function dataBytesOf(event: number): number {
  switch (event) {
    case UserControlEvent.StreamBegin:
    case UserControlEvent.StreamEof:
    case UserControlEvent.StreamDry:
    case UserControlEvent.StreamIsRecorded:
    case UserControlEvent.PingRequest:
    case UserControlEvent.PingResponse:
    case UserControlEvent.BufferEmpty:
    case UserControlEvent.BufferReady:
      return 4;
    case UserControlEvent.SetBufferLength:
    case UserControlEvent.FlowSynchronization:
    case UserControlEvent.SetKeepaliveTimers:
      return 8;
    default:
      return 0;
  }
}
