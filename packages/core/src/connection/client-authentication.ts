import { md5 } from "@noble/hashes/legacy.js";
import { utf8Length, writeUtf8 } from "../bytes/index.ts";

/** A user's name and password, for servers that ask for them when a client connects. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** 32 random bits, another number for each connection. */
  readonly random: number;
}

/** What the URL of an app ends in at Limelight when it names no instance. */
const DEFAULT_INSTANCE = "_definst_";
const REALM = "live";
const COUNT = "00000001";

/**
 * What a client has to say next to be let in, by the schemes of Adobe (`authmod=adobe`) and Limelight (`authmod=llnw`):
 * first that it can, then its answer to the challenge. No specification has them; FFmpeg and librtmp agree.
 *
 * @param description - with which the server refused `connect`
 * @param app - as it was named in `connect`, without a query
 * @returns the query for the next `connect`; null when the server asks for nothing, or for nothing that is known, or when
 *   it did not take the credentials.
 */
export function authenticationQuery(description: string, credentials: Credentials, app: string): string | null {
  const scheme = /authmod=(adobe|llnw)/.exec(description)?.[1];
  if (scheme === undefined || /\?reason=(authfailed|nosuchuser)/.test(description)) return null;
  const { user } = credentials;
  if (description.includes("code=403 need auth")) return `authmod=${scheme}&user=${user}`;
  const challenge = /\?reason=needauth&(\S*)/.exec(description)?.[1];
  if (challenge === undefined) return null;
  const asked = parametersOf(challenge);
  return scheme === "adobe" ? answerAdobe(asked, credentials) : answerLimelight(asked, credentials, app);
}

function answerAdobe(asked: ReadonlyMap<string, string>, { user, password, random }: Credentials): string {
  const challenge = hexOf(random);
  const opaque = asked.get("opaque");
  const secret = base64(md5(bytesOf(user + (asked.get("salt") ?? "") + password)));
  const response = base64(md5(bytesOf(secret + (opaque ?? asked.get("challenge") ?? "") + challenge)));
  const answer = `authmod=adobe&user=${user}&challenge=${challenge}&response=${response}`;
  return opaque === undefined ? answer : `${answer}&opaque=${opaque}`;
}

/** As digest authentication of HTTP (RFC 2617 3.2.2), for the method "publish". */
function answerLimelight(
  asked: ReadonlyMap<string, string>,
  { user, password, random }: Credentials,
  app: string,
): string {
  const nonce = asked.get("nonce") ?? "";
  const cnonce = hexOf(random);
  const path = app.includes("/") ? app : `${app}/${DEFAULT_INSTANCE}`;
  const owner = hexDigest(`${user}:${REALM}:${password}`);
  const target = hexDigest(`publish:/${path}`);
  const response = hexDigest(`${owner}:${nonce}:${COUNT}:${cnonce}:auth:${target}`);
  return `authmod=llnw&user=${user}&nonce=${nonce}&cnonce=${cnonce}&nc=${COUNT}&response=${response}`;
}

/** Values are taken as they stand: base64 in them is not percent-encoded. */
function parametersOf(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split("&")) {
    const mark = part.indexOf("=");
    if (mark > 0) parameters.set(part.slice(0, mark), part.slice(mark + 1));
  }
  return parameters;
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  writeUtf8(text, bytes, 0);
  return bytes;
}

function hexOf(random: number): string {
  return (random >>> 0).toString(16).padStart(8, "0");
}

function hexDigest(text: string): string {
  return Array.from(md5(bytesOf(text)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 4, with padding. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const bits = (first << 16) | (second << 8) | third;
    for (let shift = 18; shift >= 0; shift -= 6) text += ALPHABET.charAt((bits >>> shift) & 63);
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  return text.slice(0, text.length - missing) + "=".repeat(missing);
}
