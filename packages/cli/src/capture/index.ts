export { CaptureError } from "./capture-error.ts";
export type { Connection, Direction } from "./connection.ts";
export type { Flow, Gap } from "./flow.ts";
export { describeLosses } from "./losses.ts";
export { type Capture, type CaptureFormat, type CaptureReport, openCapture } from "./open.ts";
export type { SkipReason } from "./packet.ts";
export type { Piece } from "./reassembly.ts";
export type { Endpoint } from "./tcp.ts";
