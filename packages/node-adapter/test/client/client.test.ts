import { type AddressInfo, createServer as createNetServer } from "node:net";
import { Amf0Reader, type AmfValue, defaultLimits, MessageType } from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError, connect, type Message } from "../../src/index.ts";
import { frames, gather, line, Stand } from "./stand.ts";

let stand: Stand;
beforeEach(async () => {
  stand = await Stand.open({
    onConnect: ({ app }) => (app === "closed" ? { reason: "We are closed." } : undefined),
    onPublish: ({ name }) => (name === "private" ? { reason: "That is not yours." } : undefined),
    onPlay: ({ name }) => (name === "private" ? { reason: "That is not for you." } : undefined),
  });
});
afterEach(() => stand.close());

/** What went wrong. */
async function failure(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ClientError)) throw new Error(`That is no ClientError: ${error}`);
  return error;
}

describe("a published stream", () => {
  it("arrives at players tag for tag, and ends for them when it ends", async () => {
    const sent = frames(200);
    const publisher = await stand.connect();
    const player = await stand.connect();
    const early = gather(player.play("show"));
    await stand.reported("play");
    const publication = await publisher.publish("show?key=1");
    expect(publication.name).toBe("show?key=1");
    for (const message of sent) await publication.send(message);
    await publication.end();
    expect(await early).toEqual(sent.map(line));
    expect(player.error).toBe(null);
  });

  it("has metadata, which late players get as well", async () => {
    const client = await stand.connect();
    const publication = await client.publish("show");
    await publication.metadata({ width: 640, encoder: "Millrace" });
    const [keyframe] = frames(1);
    if (keyframe === undefined) throw new Error("There is no frame.");
    await publication.send(keyframe);
    const player = await stand.connect();
    const played = player.play("show");
    const metadata = (await played.next()).value;
    expect(metadata?.messageType).toBe(MessageType.DataAmf0);
    expect(valuesOf(metadata?.payload)[0]).toBe("onMetaData");
    expect(Object(valuesOf(metadata?.payload)[1]).get("width")).toBe(640);
    expect(await next(played)).toBe(line(keyframe));
    await played.return();
    await stand.reported("stop");
  });

  it("is refused where the server does not want it", async () => {
    const client = await stand.connect();
    const error = await failure(client.publish("private"));
    expect(error).toMatchObject({ kind: "refused", status: "NetStream.Publish.Denied" });
    expect(error.message).toContain("That is not yours.");
    // our server closes the connection behind that
    await client.closed;
    expect(client.error?.kind).toBe("lost");
  });

  it("takes nothing any more once it has ended", async () => {
    const client = await stand.connect();
    const publication = await client.publish("show");
    await publication.end();
    const [message] = frames(1);
    if (message === undefined) throw new Error("There is no frame.");
    expect(await failure(publication.send(message))).toMatchObject({ kind: "closed" });
    await publication.end();
    await stand.reported("unpublish");
  });

  it("can be sent on from a stream that is played", async () => {
    const sent = frames(50);
    const from = await stand.connect();
    const relay = await stand.connect();
    const publication = await from.publish("show");
    const copy = await relay.publish("copy");
    const copied = gather(from.play("copy"));
    const relaying = (async () => {
      for await (const message of relay.play("show")) await copy.send(message);
      await copy.end();
    })();
    await stand.reported("play", 2);
    await publication.metadata({ width: 640 });
    for (const message of sent) await publication.send(message);
    await publication.end();
    await relaying;
    const [metadata, ...rest] = await copied;
    expect(metadata).toMatch(/^18 0 /);
    expect(rest).toEqual(sent.map(line));
  });
});

describe("a player", () => {
  it("that is refused says why", async () => {
    const client = await stand.connect();
    const error = await failure(gather(client.play("private")));
    expect(error.kind).toBe("refused");
    expect(error.message).toContain("That is not for you.");
  });

  it("that leaves the loop closes the stream, and the connection goes on", async () => {
    const client = await stand.connect();
    const publication = await client.publish("show");
    const [message] = frames(1);
    if (message === undefined) throw new Error("There is no frame.");
    await publication.send(message);
    for await (const played of client.play("show")) {
      expect(line(played)).toBe(line(message));
      break;
    }
    await stand.reported("stop");
    await publication.end();
  });

  it("gets what came before a loss, then the loss", async () => {
    const client = await stand.connect();
    const publisher = await stand.connect();
    const publication = await publisher.publish("show");
    const played = client.play("show");
    const first = played.next();
    await stand.reported("play");
    for (const message of frames(3)) await publication.send(message);
    const [one, two, three] = frames(3).map(line);
    expect(lineOf(await first)).toBe(one);
    await stand.server.close(0);
    await client.closed;
    expect(await next(played)).toBe(two);
    expect(await next(played)).toBe(three);
    expect((await failure(played.next())).kind).toBe("lost");
    expect(client.error?.kind).toBe("lost");
    expect(await failure(client.publish("more"))).toBe(client.error);
  });
});

describe("a call", () => {
  it("that the server does not know is answered by an error", async () => {
    const client = await stand.connect();
    const error = await failure(client.call("sing", ["la", 1]));
    expect(error).toMatchObject({ kind: "refused", status: "NetConnection.Call.Failed" });
  });

  it("is given up when the signal aborts", async () => {
    const client = await stand.connect();
    const controller = new AbortController();
    const call = client.call("sing", [], controller);
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
  });
});

describe("connect", () => {
  it("says why the server refuses", async () => {
    const error = await failure(stand.connect({}, stand.url.replace("/live", "/closed")));
    expect(error).toMatchObject({ kind: "refused", status: "NetConnection.Connect.Rejected" });
    expect(error.message).toContain("We are closed.");
  });

  it("says that nobody is there", async () => {
    const server = createNetServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    // listen() has given it one
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(stand.connect({}, `rtmp://127.0.0.1:${port}/live`));
    expect(error.kind).toBe("unreachable");
    expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
  });

  it("takes no URL of another kind", async () => {
    await expect(connect("http://127.0.0.1/live")).rejects.toThrow(TypeError);
  });

  it("reports all that the server says", async () => {
    const codes: string[] = [];
    const client = await stand.connect({ onStatus: ({ code }) => codes.push(code) });
    const publication = await client.publish("show");
    await publication.end();
    expect(codes).toContain("NetStream.Publish.Start");
  });
});

describe("backpressure", () => {
  it("slows a publisher whose server does not read, and bounds what waits", async () => {
    const decisions: (() => void)[] = [];
    const slow = await Stand.open({ onPlay: () => new Promise((resolve) => decisions.push(() => resolve(undefined))) });
    const client = await slow.connect({ highWaterMark: 100_000 });
    const publication = await client.publish("show");
    // Until the application decides, the server reads nothing of this connection.
    const played = client.play("other");
    const first = played.next();
    let isFinished = false;
    const sent = frames(3_000, 10_000);
    const sending = (async () => {
      for (const message of sent) await publication.send(message);
      isFinished = true;
    })();
    while (decisions.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // 30 MB are more than sockets take
    let peak = 0;
    let before = -1;
    while (slow.pool.lentBytes !== before || before === 0) {
      before = slow.pool.lentBytes;
      peak = Math.max(peak, before);
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(isFinished).toBe(false);
    expect(peak).toBeLessThan(300_000);
    const received = slow.server.receivedBytes;
    for (const decide of decisions) decide();
    await sending;
    await publication.end();
    const other = await client.publish("other");
    const [message] = frames(1);
    if (message === undefined) throw new Error("There is no frame.");
    await other.send(message);
    expect(lineOf(await first)).toBe(line(message));
    expect(slow.server.receivedBytes - received).toBeGreaterThan(10_000_000);
    await played.return();
    await slow.close();
  });

  it("stops reading while a player is behind, and loses nothing", async () => {
    const sent = frames(2_000, 10_000);
    const publisher = await stand.connect();
    const player = await stand.connect({ highWaterMark: 50_000 });
    const publication = await publisher.publish("show");
    const played = player.play("show");
    const first = played.next();
    await stand.reported("play");
    const sending = (async () => {
      for (const message of sent) await publication.send(message);
    })();
    const received: Message[] = [];
    const message = (await first).value;
    if (message) received.push(message);
    await sending;
    const heap = process.memoryUsage().arrayBuffers;
    for await (const next of played) {
      received.push(next);
      if (received.length === 100) await publication.end();
    }
    // The server drops what a player takes too slowly; what came is in order and whole.
    expect(received.length).toBeGreaterThan(10);
    expect(heap).toBeLessThan(2 ** 30);
    const originals = new Set(sent.map(line));
    expect(received.map(line).filter((one) => !originals.has(one))).toEqual([]);
  });
});

async function next(played: AsyncGenerator<Message, void, void>): Promise<string> {
  return lineOf(await played.next());
}

function lineOf({ value }: IteratorResult<Message, void>): string {
  return value ? line(value) : "the end";
}

function valuesOf(payload: Uint8Array | undefined): AmfValue[] {
  const reader = new Amf0Reader(defaultLimits);
  reader.reset(payload ?? new Uint8Array());
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  return values;
}
