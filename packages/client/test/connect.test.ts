// How transports are asked for; what a client does with them is in the conformance suite.
import { describe, expect, it } from "vitest";
import { ClientError, connectThrough, type Endpoint, type OpenTransport } from "../src/index.ts";
import { RefusingTransport } from "./refusing-transport.ts";

/** Opens transports to servers that redirect to these URLs, each to the next; the last redirects to what is no RTMP. */
function opener(redirects: readonly string[]): { asked: Endpoint[]; open: OpenTransport } {
  const asked: Endpoint[] = [];
  const open: OpenTransport = async (to) =>
    new RefusingTransport(redirects[asked.push(to) - 1] ?? "https://elsewhere/");
  return { asked, open };
}

const refused = { kind: "refused", status: "NetConnection.Connect.Rejected" };

describe("a redirect", () => {
  it("leads away from the Unix socket", async () => {
    const { asked, open } = opener(["rtmp://other:19350/app", "rtmps://third/app"]);
    await expect(connectThrough(open, "rtmp://[::1]/live", { path: "/run/rtmp" })).rejects.toMatchObject(refused);
    expect(asked).toEqual([
      { host: "::1", port: 1935, path: "/run/rtmp", isSecure: false },
      { host: "other", port: 19350, path: null, isSecure: false },
      { host: "third", port: 443, path: null, isSecure: true },
    ]);
  });

  it("does not lead out of TLS", async () => {
    const { asked, open } = opener(["/other", "rtmp://host/live", "rtmps://never/live"]);
    await expect(connectThrough(open, "rtmps://host/live")).rejects.toMatchObject(refused);
    expect(asked.map(({ host }) => host)).toEqual(["host", "host"]);
  });
});

describe("what keeps a transport from being opened", () => {
  const fails = (reason: unknown): Promise<unknown> =>
    connectThrough(() => Promise.reject(reason), "rtmp://name/live").catch((error: unknown) => error);

  it("is the cause of the client's error", async () => {
    const reason = new Error("no route");
    const error = await fails(reason);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ kind: "unreachable", cause: reason });
    expect(String(error)).toBe("ClientError: name port 1935 cannot be reached: no route");
  });

  it("is said of each address that was tried", async () => {
    const error = await fails(new AggregateError([new Error("refused"), new Error("no route")]));
    expect(String(error)).toBe("ClientError: name port 1935 cannot be reached: refused; no route");
  });

  it("is the caller's own fault when it is a TypeError", async () => {
    const reason = new TypeError("no TLS there");
    expect(await fails(reason)).toBe(reason);
  });

  it("is the signal, whatever the transport says then", async () => {
    const controller = new AbortController();
    const connecting = connectThrough(
      (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("was aborted")))),
      "rtmp://name/live",
      controller,
    );
    controller.abort(new Error("enough"));
    await expect(connecting).rejects.toThrow("enough");
  });
});
