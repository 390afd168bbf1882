import { describe, expect, it } from "vitest";
import { AmfObject } from "../../../src/amf/index.ts";
import { Pair } from "./pair.ts";

describe("the server calls the client", () => {
  it("and is answered, whatever else is said", () => {
    const pair = Pair.connected();
    const { client, server } = pair;
    pair.onCommand = () => {
      const { command } = client;
      if (command?.name === "add") client.answer(command, Number(command.arguments[0]) + Number(command.arguments[1]));
      if (command?.name === "divide") client.answerError(command, "by zero");
    };
    const [first, second] = [server.call("add", 2, 3), server.call("divide", 1, 0)];
    client.publish("show");
    pair.run();
    expect(pair.serverEvents.filter((event) => event.startsWith("result") || event.startsWith("error"))).toEqual([
      `result ${first}`,
      `error ${second}`,
    ]);
    expect(server.answered?.value).toBeInstanceOf(AmfObject);
    pair.close();
  });

  it("and is told that there is no such method, or that no answer came in time", () => {
    const pair = Pair.connected({ limits: { callTimeout: 1_000 } });
    const { client, server } = pair;
    const unknown = server.call("nobody");
    pair.run();
    expect(pair.serverEvents).toEqual([`error ${unknown}`]);
    pair.forget();
    let waiting = client.command;
    pair.onCommand = () => {
      waiting = client.command;
      if (waiting !== null) client.defer(waiting);
    };
    const slow = server.call("slow");
    pair.run();
    expect(server.deadline).toBe(1_000);
    pair.wait(999);
    expect(pair.serverEvents).toEqual([]);
    pair.wait(1);
    expect(pair.serverEvents).toEqual([`timeout ${slow}`]);
    // What comes later answers nothing any more.
    if (waiting !== null) client.answer(waiting, 1);
    pair.run();
    expect(pair.serverEvents).toEqual([`timeout ${slow}`]);
    pair.close();
  });

  it("only so often without an answer, and not before it let it in", () => {
    const pair = new Pair({ limits: { pendingCalls: 2 } });
    expect(() => pair.server.call("early")).toThrow(TypeError);
    pair.run();
    pair.onCommand = () => pair.client.command && pair.client.defer(pair.client.command);
    expect([1, 2, 3].map(() => pair.server.call("method") > 0)).toEqual([true, true, false]);
    pair.run();
    expect(pair.clientEvents.filter((event) => event === "command method")).toHaveLength(2);
    pair.close();
  });

  it("and both call each other at the same time, with the same numbers", () => {
    const pair = Pair.connected();
    const { client, server } = pair;
    pair.onCommand = () => client.command && client.answer(client.command, "from the client");
    // The client has used one number for its own purposes.
    server.call("other");
    const there = server.call("ask");
    const back = client.call("ask");
    expect(there).toBe(back);
    pair.run();
    expect(pair.serverEvents).toContain(`result ${there}`);
    expect(server.answered?.value).toBe("from the client");
    expect(pair.clientEvents).toContain(`error ${back}`);
    pair.close();
  });
});
