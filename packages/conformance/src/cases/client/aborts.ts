import { BufferPool, type HookAnswer } from "@millrace/core";
import type { Case } from "../../case.ts";
import { expectClientError, expectEqual, expectRejection, expectTrue } from "../../expect.ts";
import { keyframe, messages } from "../../messages.ts";
import type { RawListener, RawSocket, Runtime } from "../../runtime.ts";
import { Stand } from "../../stand.ts";

const reason = new Error("enough");

/** Gives the promise up. */
async function giveUp(promise: Promise<unknown>, controller: AbortController, what: string): Promise<void> {
  controller.abort(reason);
  expectTrue((await expectRejection(promise, what)) === reason, `${what}: another reason.`);
}

/** Listens, and says nothing. */
class Mute {
  readonly pool: BufferPool = new BufferPool(2 ** 20);
  /** The first connection. */
  readonly met: Promise<RawSocket>;
  private readonly listener: RawListener;
  private readonly sockets: readonly RawSocket[];

  private constructor(listener: RawListener, met: Promise<RawSocket>, sockets: readonly RawSocket[]) {
    this.listener = listener;
    this.met = met;
    this.sockets = sockets;
  }

  static async open(runtime: Runtime): Promise<Mute> {
    const sockets: RawSocket[] = [];
    let meet: (socket: RawSocket) => void = () => {};
    const met = new Promise<RawSocket>((resolve) => {
      meet = resolve;
    });
    const listener = await runtime.listen((socket) => {
      sockets.push(socket);
      meet(socket);
    });
    return new Mute(listener, met, sockets);
  }

  url(scheme: string): string {
    return `${scheme}://127.0.0.1:${this.listener.port}/live`;
  }

  async close(): Promise<void> {
    expectEqual(this.pool.lentBlocks, 0, "blocks of memory that are lent in the end");
    await this.listener.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A server whose application is asked about what is named undecided, and takes its time. */
class Undecided {
  readonly stand: Stand;
  /** Resolves once it is asked. */
  readonly asked: Promise<void>;
  readonly decide: () => void;

  private constructor(stand: Stand, asked: Promise<void>, decide: () => void) {
    this.stand = stand;
    this.asked = asked;
    this.decide = decide;
  }

  static async open(runtime: Runtime): Promise<Undecided> {
    let tellAsked = (): void => {};
    let decide = (): void => {};
    const asked = new Promise<void>((resolve) => {
      tellAsked = resolve;
    });
    const decision = new Promise<HookAnswer>((resolve) => {
      decide = (): void => resolve(true);
    });
    const hook = ({ name }: { readonly name: string }): HookAnswer | Promise<HookAnswer> => {
      if (name !== "undecided") return true;
      tellAsked();
      return decision;
    };
    return new Undecided(await Stand.open(runtime, { onPublish: hook, onPlay: hook }), asked, decide);
  }
}

/** An AbortSignal gives up whatever can hang, and nothing is left behind. */
export const aborts: readonly Case[] = [
  ...(["rtmp", "rtmps"] as const).flatMap((scheme): Case[] => [
    {
      name: `client: can be given up before and while it connects (${scheme})`,
      async run(runtime): Promise<void> {
        const mute = await Mute.open(runtime);
        const { pool } = mute;
        const signal = AbortSignal.abort(reason);
        const none = runtime.connectClient(mute.url(scheme), { pool, signal });
        expectTrue((await expectRejection(none, "to connect too late")) === reason, "That is another reason.");
        const controller = new AbortController();
        const connecting = runtime.connectClient(mute.url(scheme), { pool, signal: controller.signal });
        await giveUp(connecting, controller, "to connect");
        await expectClientError(
          runtime.connectClient(mute.url("rtmp"), { pool, timeout: 50 }),
          { kind: "timeout" },
          "to connect in time",
        );
        await mute.close();
      },
    },
    {
      name: `client: can be given up while the server says nothing (${scheme})`,
      async run(runtime): Promise<void> {
        const mute = await Mute.open(runtime);
        const controller = new AbortController();
        const { signal } = controller;
        const connecting = runtime.connectClient(mute.url(scheme), { pool: mute.pool, signal });
        const socket = await mute.met;
        const first = await socket.read();
        expectTrue(first !== null && first.length > 0, "The client said nothing.");
        await giveUp(connecting, controller, "to connect");
        // With TLS, Deno 2.9 leaves the socket to the server.
        if (scheme === "rtmp") while ((await socket.read().catch(() => null)) !== null);
        await mute.close();
      },
    },
  ]),
  {
    name: "client: fails when the server closes at once",
    async run(runtime): Promise<void> {
      const mute = await Mute.open(runtime);
      const connecting = runtime.connectClient(mute.url("rtmp"), { pool: mute.pool });
      (await mute.met).closeWrite();
      await expectClientError(connecting, { kind: "lost" }, "to connect");
      await mute.close();
    },
  },
  {
    name: "client: can be given up while publish and play are asked for",
    async run(runtime): Promise<void> {
      for (const what of ["publish", "play"] as const) {
        const { stand, asked, decide } = await Undecided.open(runtime);
        const client = await stand.connect();
        const controller = new AbortController();
        const asking =
          what === "publish" ? client.publish("undecided", controller) : client.play("undecided", controller).next();
        await asked;
        await giveUp(asking, controller, what);
        decide();
        await stand.house.reported(what === "publish" ? "unpublish live/undecided" : "stop live/undecided");
        // The connection goes on.
        await (await client.publish("show")).end();
        await stand.close();
      }
    },
  },
  {
    name: "client: can be given up while the next message is waited for",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const client = await stand.connect();
      const controller = new AbortController();
      const next = client.play("show", controller).next();
      await stand.house.reported("play live/show");
      await giveUp(next, controller, "to play");
      await stand.house.reported("stop live/show");
      await (await client.publish("show")).end();
      await stand.close();
    },
  },
  {
    name: "client: can be given up while there is no room, and only the message that waits is lost",
    async run(runtime): Promise<void> {
      const { stand, asked, decide } = await Undecided.open(runtime);
      const client = await stand.connect({ highWaterMark: 50_000 });
      const publication = await client.publish("show");
      // The server reads nothing of this connection until it has decided.
      const played = client.play("undecided");
      const first = played.next();
      await asked;
      const controller = new AbortController();
      // 40 MB are more than the sockets take.
      const sent = messages(40, 1_000_000);
      const sendings = sent.map((message, index) => publication.send(message, index === 30 ? controller : {}));
      const ending = publication.end();
      await giveUp(sendings[30] ?? Promise.resolve(), controller, "to send");
      decide();
      await ending;
      const outcomes = await Promise.allSettled(sendings);
      const lost = outcomes.flatMap(({ status }, index) => (status === "rejected" ? [index] : []));
      expectEqual(lost, [30], "what was not sent");
      await stand.house.reported("unpublish live/show");
      const { receivedBytes } = stand.house.server;
      expectTrue(receivedBytes > 39_000_000 && receivedBytes < 40_000_000, `The server got ${receivedBytes} bytes.`);
      const next = expectClientError(first, { kind: "closed" }, "to play on");
      await client.close();
      await next;
      await stand.close();
    },
  },
  {
    name: "client: can be given up while the end waits for a server that does not read",
    async run(runtime): Promise<void> {
      const { stand, asked, decide } = await Undecided.open(runtime);
      const client = await stand.connect({ highWaterMark: 50_000 });
      const publication = await client.publish("show");
      const playing = expectClientError(client.play("undecided").next(), { kind: "closed" }, "to play on");
      await asked;
      const sendings = messages(30, 1_000_000).map((message) => publication.send(message).catch(() => {}));
      const controller = new AbortController();
      await giveUp(publication.end(controller), controller, "to end");
      await Promise.all(sendings);
      await expectClientError(publication.send(keyframe), { kind: "closed" }, "to send behind the end");
      // What remains can be cut as well.
      await client.close({ signal: AbortSignal.abort(), deadline: 60_000 });
      await playing;
      decide();
      await stand.close();
    },
  },
];
