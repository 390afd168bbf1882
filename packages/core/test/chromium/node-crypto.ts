/** So much of node:crypto as core's tests use. What is independent of core's own hashes is so on Node only. */
import { hmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Buffer } from "./node-globals.ts";

const hashes = { md5, sha1, sha256 };
type HashName = keyof typeof hashes;

class Hash {
  private readonly state: { update(data: Uint8Array): unknown; digest(): Uint8Array };

  constructor(state: Hash["state"]) {
    this.state = state;
  }

  update(data: string | Uint8Array): this {
    this.state.update(typeof data === "string" ? Buffer.from(data) : data);
    return this;
  }

  digest(encoding?: string): Buffer | string {
    const bytes = Buffer.from(this.state.digest());
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }
}

export function createHash(name: HashName): Hash {
  return new Hash(hashes[name].create());
}

export function createHmac(name: HashName, key: Uint8Array): Hash {
  return new Hash(hmac.create(hashes[name], key));
}
