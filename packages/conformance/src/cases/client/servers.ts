import {
  AmfObject,
  type AmfValue,
  type Command,
  encodeValues,
  information,
  MessageType,
  UserControlEvent,
} from "@millrace/core";
import type { Case } from "../../case.ts";
import { expectClientError, expectEqual, expectTrue } from "../../expect.ts";
import { gather, keyframe, line, next } from "../../messages.ts";
import { type ScriptedPeer, ScriptedServer } from "../../scripted-server.ts";

const credentials = { user: "me", password: "secret" };
const { payload } = keyframe;
const video = line(keyframe);
const playComplete = encodeValues("onPlayStatus", information("status", "NetStream.Play.Complete", ""));

/** The `connect` of each connection, one of its properties. */
function said({ commands }: ScriptedServer, property: string): AmfValue[] {
  return commands.flatMap(({ name, object }) =>
    name === "connect" && object instanceof AmfObject ? [object.get(property) ?? null] : [],
  );
}

/** What a refusal has that redirects. */
function redirecting(redirect: string): { ex: AmfObject } {
  return { ex: AmfObject.of({ code: 302, redirect }) };
}

/** Lets the client in only with the right answer (Adobe's authentication). */
function authenticate(peer: ScriptedPeer, command: Command): void {
  if (command.name !== "connect") return;
  const app = String(command.object instanceof AmfObject && command.object.get("app"));
  if (app.includes("response=")) peer.obey(command);
  else if (!app.includes("user=me")) peer.refuse("[ code=403 need auth; authmod=adobe ]");
  else peer.refuse("[ code=403; authmod=adobe; ?reason=needauth&user=me&salt=s&challenge=c ]");
}

const ends: readonly [how: string, end: (peer: ScriptedPeer) => void][] = [
  ["Stream EOF", (peer) => peer.userControl(UserControlEvent.StreamEof, 1)],
  ["Play.Stop", (peer) => peer.status(1, "NetStream.Play.Stop")],
  ["Play.UnpublishNotify", (peer) => peer.status(1, "NetStream.Play.UnpublishNotify")],
  ["Play.Complete", (peer) => peer.send(MessageType.DataAmf0, 1, playComplete)],
];

/** What servers of others do, and ours does not. */
export const servers: readonly Case[] = [
  {
    name: "client: says what the URL and the options have",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer, command) => peer.obey(command));
      const url = `${server.url}/instance?token=a/b`;
      const client = await runtime.connectClient(url.replace("127", "me:secret@127"), {
        connect: { flashVer: "FMLE/3.0", type: "nonprivate" },
      });
      expectEqual(said(server, "app"), ["live/instance?token=a/b"], "the app");
      expectEqual(said(server, "tcUrl"), [url], "the URL");
      expectEqual(said(server, "flashVer"), ["FMLE/3.0"], "the version");
      expectEqual(said(server, "type"), ["nonprivate"], "the type");
      expectEqual(said(server, "capsEx"), [null], "the capabilities");
      expectEqual(client.welcome?.information.get("code"), "NetConnection.Connect.Success", "the welcome");
      await client.close();
      await server.close();
    },
  },
  {
    name: "client: follows a redirect",
    async run(runtime): Promise<void> {
      const target = await ScriptedServer.open(runtime, (peer, command) => peer.obey(command));
      const server = await ScriptedServer.open(runtime, (peer) =>
        peer.refuse("Elsewhere.", redirecting(`${target.url}/other`)),
      );
      const client = await runtime.connectClient(server.url);
      expectEqual(said(target, "app"), ["live/other"], "the app");
      await client.close();
      await server.close();
      await target.close();
    },
  },
  {
    name: "client: does not follow redirects for ever, nor at all where it must not",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer) => peer.refuse("Elsewhere.", redirecting("/again")));
      const refused = { kind: "refused", redirect: "/again" } as const;
      await expectClientError(runtime.connectClient(server.url), refused, "to connect");
      expectEqual(said(server, "app"), ["live", "again", "again", "again"], "the apps");
      await expectClientError(runtime.connectClient(server.url, { redirects: 0 }), refused, "to connect");
      expectEqual(said(server, "app").length, 5, "connections");
      await server.close();
    },
  },
  ...([true, false] as const).map(
    (areInUrl): Case => ({
      name: `client: answers a server that wants credentials, from ${areInUrl ? "the URL" : "options"}`,
      async run(runtime): Promise<void> {
        const server = await ScriptedServer.open(runtime, authenticate);
        const client = await (areInUrl
          ? runtime.connectClient(server.url.replace("//", "//me:secret@"))
          : runtime.connectClient(server.url, { credentials }));
        const [first, second, third] = said(server, "app");
        expectEqual([first, second], ["live", "live?authmod=adobe&user=me"], "the apps");
        const answer = /^live\?authmod=adobe&user=me&challenge=[0-9a-f]{8}&response=\S+==$/;
        expectTrue(answer.test(String(third)), `The answer is ${String(third)}.`);
        await client.close();
        await server.close();
      },
    }),
  ),
  {
    name: "client: does not try for ever to be let in",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer) => peer.refuse("[ code=403 need auth; authmod=adobe ]"));
      const connecting = runtime.connectClient(server.url, { credentials });
      await expectClientError(connecting, { kind: "refused" }, "to connect");
      expectEqual(said(server, "app").length, 3, "connections");
      await server.close();
    },
  },
  {
    name: "client: is told of a request to connect elsewhere, and goes on",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer, command) => {
        peer.obey(command);
        if (command.name !== "connect") return;
        peer.status(0, "NetConnection.Connect.ReconnectRequest", { tcUrl: "/other" });
        peer.status(0, "NetConnection.Connect.ReconnectRequest");
      });
      const urls: string[] = [];
      const client = await runtime.connectClient(server.url, { onReconnectRequest: (url) => urls.push(url) });
      await (await client.publish("show")).end();
      expectEqual(urls, [server.url.replace("/live", "/other"), server.url], "where to");
      expectEqual(said(server, "capsEx"), [1], "the capabilities");
      await client.close();
      await server.close();
    },
  },
  {
    name: "client: says where to when it is redirected only at publish (SRS)",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer, command) => {
        if (command.name !== "publish") return peer.obey(command);
        peer.status(0, "NetConnection.Connect.Rejected", redirecting("rtmp://host/app"));
      });
      const client = await runtime.connectClient(server.url);
      const expected = { kind: "refused", redirect: "rtmp://host/app" } as const;
      await expectClientError(client.publish("show"), expected, "to publish");
      await client.closed;
      await server.close();
    },
  },
  {
    name: "client: loses its publication when the server ends the stream",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer, command) => {
        peer.obey(command);
        if (command.name !== "end") return;
        peer.status(1, "NetStream.Unpublish.Success");
        peer.call("_result", command.transactionId, null, null);
      });
      const client = await runtime.connectClient(server.url);
      const publication = await client.publish("show");
      await client.call("end");
      await expectClientError(publication.send(keyframe), { status: "NetStream.Unpublish.Success" }, "to send");
      await client.close();
      await server.close();
    },
  },
  ...ends.map(
    ([how, end]): Case => ({
      name: `client: plays up to ${how}, without what comes behind it`,
      async run(runtime): Promise<void> {
        const server = await ScriptedServer.open(runtime, (peer, command) => {
          // Said of a publication that has not begun.
          if (command.name === "play") peer.userControl(UserControlEvent.StreamEof, 1);
          peer.obey(command);
          if (command.name !== "play") return;
          peer.together(() => {
            peer.send(MessageType.DataAmf0, 1, encodeValues("|RtmpSampleAccess", true, true));
            peer.send(MessageType.Video, 1, payload);
            end(peer);
            peer.send(MessageType.Video, 1, payload);
          });
        });
        const client = await runtime.connectClient(server.url);
        expectEqual(await gather(client.play("show")), [video], "what was played");
        await client.close();
        await server.close();
      },
    }),
  ),
  {
    name: "client: plays what comes on message stream 0 (FFmpeg)",
    async run(runtime): Promise<void> {
      const metadata = encodeValues("onMetaData", AmfObject.of({ width: 1 }));
      const server = await ScriptedServer.open(runtime, (peer, command) => {
        peer.obey(command);
        if (command.name !== "play") return;
        peer.send(MessageType.DataAmf0, 0, encodeValues("@setDataFrame", "onMetaData", AmfObject.of({ width: 1 })));
        peer.send(MessageType.Video, 0, payload);
        peer.userControl(UserControlEvent.StreamEof, 1);
      });
      const client = await runtime.connectClient(server.url);
      const bare = line({ messageType: MessageType.DataAmf0, timestamp: 0, payload: metadata });
      expectEqual(await gather(client.play("show")), [bare, video], "what was played");
      await client.close();
      await server.close();
    },
  },
  {
    name: "client: fails by an error in the middle of a stream, after what came before",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer, command) => {
        peer.obey(command);
        if (command.name !== "play") return;
        peer.send(MessageType.Video, 1, payload);
        peer.status(1, "NetStream.Play.Failed");
      });
      const client = await runtime.connectClient(server.url);
      const played = client.play("show");
      expectEqual(await next(played), video, "what was played");
      await expectClientError(played.next(), { kind: "refused", status: "NetStream.Play.Failed" }, "to play on");
      await client.close();
      await server.close();
    },
  },
  {
    name: "client: waits until the server has ended as well, but no longer than it is told to",
    async run(runtime): Promise<void> {
      const peers = new Set<ScriptedPeer>();
      const server = await ScriptedServer.open(runtime, (peer, command) => {
        peers.add(peer);
        peer.lingers = true;
        peer.obey(command);
      });
      const client = await runtime.connectClient(server.url);
      let isClosed = false;
      const closing = client.close({ deadline: 60_000 }).then(() => {
        isClosed = true;
      });
      const [peer] = peers;
      await peer?.ended;
      for (let turn = 0; turn < 20; turn++) await runtime.turn();
      expectEqual(isClosed, false, "whether it is closed before the server has ended");
      peer?.closeWrite();
      await closing;
      const other = await runtime.connectClient(server.url);
      await other.close({ deadline: 50 });
      await server.close();
    },
  },
  {
    name: "client: gives away payloads that are the receiver's own",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer, command) => {
        peer.obey(command);
        if (command.name !== "play") return;
        peer.send(MessageType.Video, 1, payload);
        peer.send(MessageType.Video, 1, payload);
      });
      const client = await runtime.connectClient(server.url);
      const played = client.play("show");
      const one = (await played.next()).value?.payload;
      const other = (await played.next()).value?.payload;
      expectTrue(one !== undefined && one.buffer !== other?.buffer, "Two payloads share memory.");
      expectEqual(Object.getPrototypeOf(one) === Uint8Array.prototype, true, "whether it is a plain Uint8Array");
      expectEqual([...(one ?? []), ...(other ?? [])], [...payload, ...payload], "the payloads");
      await client.close();
      await server.close();
    },
  },
];
