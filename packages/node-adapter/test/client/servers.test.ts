// What servers of others do, and ours does not.
import { AmfObject, type Command, encodeValues, information, MessageType, UserControlEvent } from "@millrace/core";
import { afterEach, describe, expect, it } from "vitest";
import { ClientError, connect } from "../../src/index.ts";
import { type ScriptedPeer, ScriptedServer } from "./scripted-server.ts";
import { gather } from "./stand.ts";

const servers: ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(answer: (peer: ScriptedPeer, command: Command) => void): Promise<ScriptedServer> {
  const server = await ScriptedServer.open(answer);
  servers.push(server);
  return server;
}

/** Refuses whoever connects. */
function refuse(peer: ScriptedPeer, description: string, more = {}): void {
  const answer = information("error", "NetConnection.Connect.Rejected", description, more);
  peer.call("_error", 1, null, answer);
  peer.socket.end();
}

/** The `connect` of each connection, one of its properties. */
function said({ commands }: ScriptedServer, property: string): unknown[] {
  return commands.filter(({ name }) => name === "connect").map(({ object }) => (object as AmfObject).get(property));
}

describe("connect", () => {
  it("says what the URL and the options have", async () => {
    const server = await serve((peer, command) => peer.obey(command));
    const url = `${server.url}/instance?token=a/b`.replace("127", "me:secret@127");
    const client = await connect(new URL(url), { connect: { flashVer: "FMLE/3.0", type: "nonprivate" } });
    expect(said(server, "app")).toEqual(["live/instance?token=a/b"]);
    expect(said(server, "tcUrl")).toEqual([`${server.url}/instance?token=a/b`]);
    expect(said(server, "flashVer")).toEqual(["FMLE/3.0"]);
    expect(said(server, "type")).toEqual(["nonprivate"]);
    expect(said(server, "capsEx")).toEqual([undefined]);
    expect(client.welcome?.information.get("code")).toBe("NetConnection.Connect.Success");
    await client.close();
  });

  it("follows a redirect", async () => {
    const target = await serve((peer, command) => peer.obey(command));
    const server = await serve((peer) => refuse(peer, "Elsewhere.", { ex: ex(`${target.url}/other`) }));
    const client = await connect(server.url);
    expect(said(target, "app")).toEqual(["live/other"]);
    await client.close();
  });

  it("does not follow redirects for ever, nor at all where it must not", async () => {
    const server = await serve((peer) => refuse(peer, "Elsewhere.", { ex: ex("/again") }));
    const refused = { kind: "refused", redirect: "/again" };
    await expect(connect(server.url)).rejects.toMatchObject(refused);
    expect(said(server, "app")).toEqual(["live", "again", "again", "again"]);
    await expect(connect(server.url, { redirects: 0 })).rejects.toMatchObject(refused);
    expect(said(server, "app")).toHaveLength(5);
  });

  it.each([
    ["options", (url: string) => connect(url, { credentials: { user: "me", password: "secret" } })],
    ["the URL", (url: string) => connect(url.replace("//", "//me:secret@"))],
  ])("answers a server that wants credentials, from %s", async (_, connectTo) => {
    const server = await serve((peer, command) => {
      if (command.name !== "connect") return;
      const app = String((command.object as AmfObject).get("app"));
      if (app.includes("response=")) peer.obey(command);
      else if (app.includes("user=me"))
        refuse(peer, "[ code=403; authmod=adobe; ?reason=needauth&user=me&salt=s&challenge=c ]");
      else refuse(peer, "[ code=403 need auth; authmod=adobe ]");
    });
    const client = await connectTo(server.url);
    expect(said(server, "app")).toEqual([
      "live",
      "live?authmod=adobe&user=me",
      expect.stringMatching(/^live\?authmod=adobe&user=me&challenge=[0-9a-f]{8}&response=\S+==$/),
    ]);
    await client.close();
  });

  it("does not try for ever to be let in", async () => {
    const server = await serve((peer) => refuse(peer, "[ code=403 need auth; authmod=adobe ]"));
    const credentials = { user: "me", password: "secret" };
    await expect(connect(server.url, { credentials })).rejects.toMatchObject({ kind: "refused" });
    expect(said(server, "app")).toHaveLength(3);
  });
});

describe("a connection", () => {
  it("is told of a request to connect elsewhere, and goes on", async () => {
    const server = await serve((peer, command) => {
      peer.obey(command);
      if (command.name !== "connect") return;
      peer.status(0, "NetConnection.Connect.ReconnectRequest", { tcUrl: "/other" });
      peer.status(0, "NetConnection.Connect.ReconnectRequest");
    });
    const urls: string[] = [];
    const client = await connect(server.url, { onReconnectRequest: (url) => urls.push(url) });
    await (await client.publish("show")).end();
    expect(urls).toEqual([server.url.replace("/live", "/other"), server.url]);
    expect(said(server, "capsEx")).toEqual([1]);
    await client.close();
  });

  it("that is redirected only now says where (SRS)", async () => {
    const server = await serve((peer, command) => {
      if (command.name === "publish") peer.status(0, "NetConnection.Connect.Rejected", { ex: ex("rtmp://host/app") });
      else peer.obey(command);
    });
    const client = await connect(server.url);
    await expect(client.publish("show")).rejects.toMatchObject({ kind: "refused", redirect: "rtmp://host/app" });
    await client.closed;
  });

  it("has its calls answered", async () => {
    const server = await serve((peer, command) => {
      peer.obey(command);
      if (command.name === "add") peer.call("_result", command.transactionId, null, 3);
    });
    const client = await connect(server.url);
    expect(await client.call("add", [1, 2])).toBe(3);
    expect(server.commands.at(-1)?.arguments).toEqual([1, 2]);
    await client.close();
  });

  it("loses its publisher when the server ends the stream", async () => {
    const server = await serve((peer, command) => {
      peer.obey(command);
      if (command.name === "end") peer.status(1, "NetStream.Unpublish.Success");
      if (command.name === "end") peer.call("_result", command.transactionId, null, null);
    });
    const client = await connect(server.url);
    const publication = await client.publish("show");
    await client.call("end");
    const message = { messageType: MessageType.Video, timestamp: 0, payload: new Uint8Array(9) };
    await expect(publication.send(message)).rejects.toMatchObject({ status: "NetStream.Unpublish.Success" });
    await client.close();
  });
});

describe("a played stream", () => {
  const video = Uint8Array.of(0x17, 1, 0, 0, 0, 1);
  const complete = encodeValues("onPlayStatus", information("status", "NetStream.Play.Complete", ""));

  it.each<[string, (peer: ScriptedPeer) => void]>([
    ["Stream EOF", (peer) => peer.userControl(UserControlEvent.StreamEof, 1)],
    ["Play.Stop", (peer) => peer.status(1, "NetStream.Play.Stop")],
    ["Play.UnpublishNotify", (peer) => peer.status(1, "NetStream.Play.UnpublishNotify")],
    ["Play.Complete", (peer) => peer.send(MessageType.DataAmf0, 1, complete)],
  ])("ends by %s, without what comes behind it", async (_, end) => {
    const server = await serve((peer, command) => {
      // said of a publication that has not begun
      if (command.name === "play") peer.userControl(UserControlEvent.StreamEof, 1);
      peer.obey(command);
      if (command.name !== "play") return;
      peer.socket.cork();
      peer.send(MessageType.DataAmf0, 1, encodeValues("|RtmpSampleAccess", true, true));
      peer.send(MessageType.Video, 1, video);
      end(peer);
      peer.send(MessageType.Video, 1, video);
      peer.socket.uncork();
    });
    const client = await connect(server.url);
    expect(await gather(client.play("show"))).toEqual([expect.stringMatching(/^9 0 6 /)]);
    await client.close();
  });

  it("may come on message stream 0 (FFmpeg)", async () => {
    const server = await serve((peer, command) => {
      peer.obey(command);
      if (command.name !== "play") return;
      const metadata = encodeValues("@setDataFrame", "onMetaData", AmfObject.of({ width: 1 }));
      peer.send(MessageType.DataAmf0, 0, metadata);
      peer.send(MessageType.Video, 0, video);
      peer.userControl(UserControlEvent.StreamEof, 1);
    });
    const client = await connect(server.url);
    const bare = encodeValues("onMetaData", AmfObject.of({ width: 1 }));
    expect(await gather(client.play("show"))).toEqual([
      expect.stringMatching(new RegExp(`^18 0 ${bare.length} `)),
      expect.stringMatching(/^9 0 6 /),
    ]);
    await client.close();
  });

  it("fails by an error in its middle, after what came before", async () => {
    const server = await serve((peer, command) => {
      peer.obey(command);
      if (command.name !== "play") return;
      peer.send(MessageType.Video, 1, video);
      peer.status(1, "NetStream.Play.Failed");
    });
    const client = await connect(server.url);
    const played = client.play("show");
    expect((await played.next()).value).toMatchObject({ messageType: MessageType.Video });
    const error: unknown = await played.next().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ kind: "refused", status: "NetStream.Play.Failed" });
    await client.close();
  });

  it("has payloads that are the receiver's own", async () => {
    const server = await serve((peer, command) => {
      peer.obey(command);
      if (command.name !== "play") return;
      peer.send(MessageType.Video, 1, video);
      peer.send(MessageType.Video, 1, video);
    });
    const client = await connect(server.url);
    const played = client.play("show");
    const first = (await played.next()).value;
    const second = (await played.next()).value;
    if (!first || !second) throw new Error("There are two.");
    expect(first.payload.buffer).not.toBe(second.payload.buffer);
    expect(Buffer.isBuffer(first.payload)).toBe(false);
    expect(first.payload).toEqual(video);
    await client.close();
  });
});

/** What a refusal that redirects has. */
function ex(redirect: string): AmfObject {
  return AmfObject.of({ code: 302, redirect });
}
