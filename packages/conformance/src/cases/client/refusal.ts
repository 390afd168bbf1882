import type { Case } from "../../case.ts";
import { expectClientError, expectEqual, expectRejection, expectTrue } from "../../expect.ts";
import { gather } from "../../messages.ts";
import { ScriptedServer } from "../../scripted-server.ts";
import { Stand } from "../../stand.ts";

/** What servers do not let a client do. */
export const clientRefusal: readonly Case[] = [
  {
    name: "client: says why connect is refused",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime, {
        onConnect: ({ app }) => (app === "closed" ? { reason: "We are closed." } : true),
      });
      const connecting = stand.connect({}, stand.url.replace("/live", "/closed"));
      const expected = { kind: "refused", status: "NetConnection.Connect.Rejected" } as const;
      const { message, description } = await expectClientError(connecting, expected, "to connect");
      expectTrue(message.includes("We are closed."), message);
      expectEqual(description, "We are closed.", "the description");
      await stand.close();
    },
  },
  {
    name: "client: says why publish is refused",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime, {
        onPublish: ({ name }) => (name === "private" ? { reason: "That is not yours." } : true),
      });
      const client = await stand.connect();
      const expected = { kind: "refused", status: "NetStream.Publish.Denied" } as const;
      const { message } = await expectClientError(client.publish("private"), expected, "to publish");
      expectTrue(message.includes("That is not yours."), message);
      // The server closes the connection behind that.
      await client.closed;
      expectEqual(client.error?.kind, "lost", "the client's error");
      await stand.close();
    },
  },
  {
    name: "client: says why play is refused",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime, {
        onPlay: ({ name }) => (name === "private" ? { reason: "That is not for you." } : true),
      });
      const client = await stand.connect();
      const expected = { kind: "refused", status: "NetStream.Play.Failed" } as const;
      const { message } = await expectClientError(gather(client.play("private")), expected, "to play");
      expectTrue(message.includes("That is not for you."), message);
      await stand.close();
    },
  },
  {
    name: "client: says that nobody is there",
    async run(runtime): Promise<void> {
      const { port, close } = await runtime.listen(() => {});
      await close();
      const connecting = runtime.connectClient(`rtmp://127.0.0.1:${port}/live`);
      const { cause } = await expectClientError(connecting, { kind: "unreachable" }, "to connect");
      expectEqual(Object(cause).code, "ECONNREFUSED", "the cause");
    },
  },
  {
    name: "client: takes no URL of another kind",
    async run(runtime): Promise<void> {
      const reason = await expectRejection(runtime.connectClient("http://127.0.0.1/live"), "to connect by HTTP");
      expectTrue(reason instanceof TypeError, `It says: ${reason}`);
    },
  },
  {
    name: "client: reports all that the server says",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const codes: string[] = [];
      const client = await stand.connect({ onStatus: ({ code }) => codes.push(code) });
      await (await client.publish("show")).end();
      expectEqual(codes, ["NetStream.Publish.Start"], "what the server said");
      await stand.close();
    },
  },
  {
    name: "client: tells of calls that are answered, refused, and not answered in time",
    async run(runtime): Promise<void> {
      const server = await ScriptedServer.open(runtime, (peer, command) => {
        peer.obey(command);
        if (command.name === "add") peer.call("_result", command.transactionId, null, 3);
      });
      const client = await runtime.connectClient(server.url, { limits: { callTimeout: 300 } });
      expectEqual(await client.call("add", [1, 2]), 3, "the answer");
      expectEqual(server.commands.at(-1)?.arguments, [1, 2], "what was asked");
      await expectClientError(client.call("sleep"), { kind: "timeout" }, "to call what is not answered");
      const reason = new Error("enough");
      const controller = new AbortController();
      const call = client.call("sleep", [], controller);
      controller.abort(reason);
      expectTrue((await expectRejection(call, "a call that is given up")) === reason, "That is another reason.");
      await client.close();
      await server.close();

      const stand = await Stand.open(runtime);
      const calling = (await stand.connect()).call("sing", ["la", 1]);
      const expected = { kind: "refused", status: "NetConnection.Call.Failed" } as const;
      await expectClientError(calling, expected, "to call what is not there");
      await stand.close();
    },
  },
];
