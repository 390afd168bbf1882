import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authenticationQuery } from "../../../src/connection/index.ts";
import { information } from "../../../src/message/index.ts";
import { TestServer } from "./server.ts";

const credentials = { user: "joe", password: "secret", random: 0x1a2b };
const needsAdobe = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
const asksAdobe = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=joe&salt=s41t&challenge=ch4==";
const asksLimelight = "[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=needauth&user=joe&nonce=n0nce ";

const md5 = (text: string) => createHash("md5").update(text, "utf8");

describe("Adobe's authentication", () => {
  it("first names the user", () => {
    expect(authenticationQuery(needsAdobe, credentials, "live")).toBe("authmod=adobe&user=joe");
  });

  it("then answers the challenge", () => {
    const secret = md5("joes41tsecret").digest("base64");
    const response = md5(`${secret}ch4==00001a2b`).digest("base64");
    const query = `authmod=adobe&user=joe&challenge=00001a2b&response=${response}`;
    expect(authenticationQuery(asksAdobe, credentials, "live")).toBe(query);
  });

  it("takes the opaque word in place of the challenge, and returns it", () => {
    const secret = md5("joes41tsecret").digest("base64");
    const response = md5(`${secret}0paque=00001a2b`).digest("base64");
    const query = `authmod=adobe&user=joe&challenge=00001a2b&response=${response}&opaque=0paque=`;
    expect(authenticationQuery(`${asksAdobe}&opaque=0paque=`, credentials, "live")).toBe(query);
  });

  it("with any user, password, salt and number", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9+/=]{0,24}$/);
    const number = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.string({ unit: "grapheme" }),
        word,
        number,
        (user, password, salt, random) => {
          const description = `[ authmod=adobe ] : ?reason=needauth&user=x&salt=${salt}&challenge=c`;
          const challenge = random.toString(16).padStart(8, "0");
          const response = md5(`${md5(user + salt + password).digest("base64")}c${challenge}`).digest("base64");
          expect(authenticationQuery(description, { user, password, random }, "live")).toBe(
            `authmod=adobe&user=${user}&challenge=${challenge}&response=${response}`,
          );
        },
      ),
    );
  });
});

describe("Limelight's authentication", () => {
  it("first names the user", () => {
    const description = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ] : ";
    expect(authenticationQuery(description, credentials, "live")).toBe("authmod=llnw&user=joe");
  });

  it.each([
    ["live", "publish:/live/_definst_"],
    ["live/one", "publish:/live/one"],
  ])("then answers the challenge for %s", (app, target) => {
    const owner = md5("joe:live:secret").digest("hex");
    const response = md5(`${owner}:n0nce:00000001:00001a2b:auth:${md5(target).digest("hex")}`).digest("hex");
    expect(authenticationQuery(asksLimelight, credentials, app)).toBe(
      `authmod=llnw&user=joe&nonce=n0nce&cnonce=00001a2b&nc=00000001&response=${response}`,
    );
  });
});

describe("no authentication", () => {
  it.each([
    "No such app.",
    "[ code=403 need auth; authmod=other ]",
    "[ authmod=adobe ] : ?reason=authfailed&opaque=x",
    "[ code=403 need auth; authmod=adobe ] : ?reason=nosuchuser",
    "[ authmod=adobe ]",
  ])("for %j", (description) => {
    expect(authenticationQuery(description, credentials, "live")).toBe(null);
  });
});

describe("a client with credentials", () => {
  function refusedBy(description: string, query?: string) {
    const connect = { app: "live", tcUrl: "rtmp://h/live", ...(query === undefined ? {} : { query }) };
    const server = new TestServer({ connect, credentials });
    server.shakeHands();
    const line = server.hear().join();
    server.call("_error", 1, null, information("error", "NetConnection.Connect.Rejected", description));
    expect(server.events).toEqual(["failed ConnectRefused"]);
    return { line, query: server.connection.refusal?.query };
  }

  it("is told with which query to connect again", () => {
    const first = refusedBy(needsAdobe);
    expect(first.query).toBe("authmod=adobe&user=joe");
    const second = refusedBy(asksAdobe, "authmod=adobe&user=joe");
    expect(second.line).toContain('{app: "live?authmod=adobe&user=joe"');
    expect(second.line).toContain('tcUrl: "rtmp://h/live?authmod=adobe&user=joe"');
    expect(second.query).toBe(authenticationQuery(asksAdobe, credentials, "live"));
    expect(refusedBy("[ authmod=adobe ] : ?reason=authfailed").query).toBe(null);
  });
});
