import { AmfObject, type AmfValue } from "../amf/index.ts";
import type { Command } from "../message/index.ts";

/** A peer asks to connect (RTMP 7.2.1.1). */
export interface ConnectRequest {
  readonly kind: "connect";
  /** The application's name, without its query and without slashes at its ends. */
  readonly app: string;
  /** What stood behind a `?` in the app; empty when nothing did. */
  readonly query: string;
  /** The URL as the client has it; empty when it did not say. */
  readonly tcUrl: string;
  /** The client's software; empty when it did not say. */
  readonly flashVer: string;
  /** All that the client said of itself. */
  readonly properties: AmfObject;
  /** Further arguments, such as a user name and a password. */
  readonly arguments: readonly AmfValue[];
}

/** A peer asks to publish a stream (RTMP 7.2.2.6). */
export interface PublishRequest {
  readonly kind: "publish";
  readonly app: string;
  /** The stream's name without its query; may be empty (some cameras put the name into the app). */
  readonly name: string;
  /** What stood behind a `?` in the name; empty when nothing did. */
  readonly query: string;
  /** "live", "record" or "append"; "live" when the client did not say. */
  readonly type: string;
  readonly streamId: number;
}

/** A peer asks to play a stream (RTMP 7.2.2.1). */
export interface PlayRequest {
  readonly kind: "play";
  readonly app: string;
  readonly name: string;
  readonly query: string;
  /** As it came: clients send milliseconds where the specification has seconds. -2 when the client did not say. */
  readonly start: number;
  /** As it came; -1, all of it, when the client did not say. */
  readonly duration: number;
  /** Whether what was played before is to end. */
  readonly reset: boolean;
  readonly streamId: number;
}

export type Request = ConnectRequest | PublishRequest | PlayRequest;

/** @returns null when the command names no app. */
export function connectRequest(command: Command): ConnectRequest | null {
  const { object } = command;
  if (!(object instanceof AmfObject)) return null;
  const app = object.get("app");
  if (typeof app !== "string") return null;
  const { name, query } = splitQuery(app);
  return {
    kind: "connect",
    app: name.replace(/^\/+|\/+$/g, ""),
    query,
    // Some clients spell it in lower case.
    tcUrl: text(object.get("tcUrl") ?? object.get("tcurl")),
    flashVer: text(object.get("flashVer") ?? object.get("flashver")),
    properties: object,
    arguments: command.arguments,
  };
}

/** @returns null when the command names no stream. */
export function publishRequest(command: Command, app: string, streamId: number): PublishRequest | null {
  const [stream, type] = command.arguments;
  if (typeof stream !== "string") return null;
  return { kind: "publish", app, ...splitQuery(stream), type: text(type) || "live", streamId };
}

/** @returns null when the command names no stream. */
export function playRequest(command: Command, app: string, streamId: number): PlayRequest | null {
  const [stream, start, duration, reset] = command.arguments;
  if (typeof stream !== "string") return null;
  return {
    kind: "play",
    app,
    ...splitQuery(stream),
    start: typeof start === "number" ? start : -2,
    duration: typeof duration === "number" ? duration : -1,
    reset: reset !== false && reset !== 0,
    streamId,
  };
}

function splitQuery(text: string): { name: string; query: string } {
  const mark = text.indexOf("?");
  return mark === -1 ? { name: text, query: "" } : { name: text.slice(0, mark), query: text.slice(mark + 1) };
}

function text(value: AmfValue): string {
  return typeof value === "string" ? value : "";
}
