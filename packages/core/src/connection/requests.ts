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
  /** Whether what was played before is to end. If not, this follows it. */
  readonly reset: boolean;
  /** Of `play2`, how it takes the place of what is played: "switch", "swap", "append", "reset", ...; null of `play`. */
  readonly transition: string | null;
  /** Of `play2`: the stream whose place it takes; empty when the client did not say. */
  readonly oldName: string;
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
    transition: null,
    oldName: "",
    streamId,
  };
}

/** What `play2` asks for (ActionScript 3, NetStreamPlayOptions). @returns null when the command names no stream. */
export function play2Request(command: Command, app: string, streamId: number): PlayRequest | null {
  const [options] = command.arguments;
  if (!(options instanceof AmfObject)) return null;
  const name = options.get("streamName");
  if (typeof name !== "string") return null;
  const transition = text(options.get("transition")) || "switch";
  return {
    kind: "play",
    app,
    ...splitQuery(name),
    start: number(options.get("start"), -2),
    duration: number(options.get("len"), -1),
    reset: transition === "reset" || transition === "resume",
    transition,
    oldName: splitQuery(text(options.get("oldStreamName"))).name,
    streamId,
  };
}

/** Where playing begins: live, or in a recording. */
export type PlayStart =
  /** What is live, else what is recorded, else the player waits. */
  | { readonly kind: "any" }
  | { readonly kind: "live" }
  /** A recording, from this time on, in milliseconds. */
  | { readonly kind: "recorded"; readonly time: number };

/**
 * What a client means by the `start` of a {@link PlayRequest}: RTMP 7.2.2.1 has -2 and -1 and seconds, but clients since
 * Flash Media Server send milliseconds: -2000, -1000.
 */
export function playStart({ start }: PlayRequest): PlayStart {
  if (start >= 0) return { kind: "recorded", time: start };
  return start === -1 || start === -1000 ? { kind: "live" } : { kind: "any" };
}

/** How much a client wants to be played, in milliseconds: see {@link playStart}; Infinity for all. */
export function playDuration({ duration }: PlayRequest): number {
  return duration >= 0 ? duration : Number.POSITIVE_INFINITY;
}

function number(value: AmfValue, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function splitQuery(text: string): { name: string; query: string } {
  const mark = text.indexOf("?");
  return mark === -1 ? { name: text, query: "" } : { name: text.slice(0, mark), query: text.slice(mark + 1) };
}

function text(value: AmfValue): string {
  return typeof value === "string" ? value : "";
}
