import { describe, expect, it } from "vitest";
import { RawClient } from "./client.ts";
import { House, videoFrame } from "./house.ts";

describe("closing the server", () => {
  it("tells everybody, whatever they are doing, and gives all memory back", async () => {
    const house = await House.open();
    const { port } = house;
    const silent = await RawClient.open(port);
    const shaken = await RawClient.shaken(port);
    const connected = await RawClient.connected(port);
    const publisher = await RawClient.publishing(port, "show");
    const player = await RawClient.playing(port, "show");
    publisher.video(0, videoFrame(0, 50_000));
    await player.until(() => player.videos.length === 1, "the frame");
    await house.server.close();
    await Promise.all([silent, shaken, connected, publisher, player].map((client) => client.closed));
    const goodbye = ["NetConnection.Connect.AppShutdown: The server shuts down."];
    expect(silent.complaints).toEqual([]);
    expect(shaken.complaints).toEqual([]);
    for (const client of [connected, publisher, player]) expect(client.complaints).toEqual(goodbye);
    expect(house.failures).toEqual([]);
    expect(house.reports.slice(-4).sort()).toEqual([
      "stop live/bystander",
      "stop live/show",
      "unpublish live/bystander",
      "unpublish live/show",
    ]);
    expect(house.server.connectionCount).toBe(0);
    expect(house.server.relay.pool.lentBlocks).toBe(0);
  });

  it("finishes the message that a player is getting before it says goodbye", async () => {
    const house = await House.open();
    const publisher = await RawClient.publishing(house.port, "film");
    const player = await RawClient.playing(house.port, "film");
    player.socket.pause();
    const frame = videoFrame(0, 4_000_000);
    publisher.video(0, frame);
    await house.undisturbed();
    const closed = house.server.close(5_000);
    player.socket.resume();
    await player.closed;
    await closed;
    // RawClient throws on anything that is no whole chunk.
    expect(player.videos.length).toBeLessThanOrEqual(1);
    if (player.videos.length === 1) {
      expect(player.videos[0]?.payload.equals(frame)).toBe(true);
      expect(player.complaints).toHaveLength(1);
    }
    expect(house.server.relay.pool.lentBlocks).toBe(0);
  });

  it("cuts who does not read at the deadline", async () => {
    const house = await House.open();
    const publisher = await RawClient.publishing(house.port, "film");
    const player = await RawClient.playing(house.port, "film");
    player.socket.pause();
    for (let number = 0; number < 20; number++) publisher.video(number, videoFrame(number, 1_000_000));
    await house.undisturbed();
    await house.server.close(100);
    expect(house.server.connectionCount).toBe(0);
    expect(house.server.relay.pool.lentBlocks).toBe(0);
    player.socket.destroy();
  });

  it("while a hook decides", async () => {
    const house = await House.open({
      onPublish: ({ name }) => (name === "bystander" ? true : new Promise(() => {})),
    });
    const client = await RawClient.connected(house.port);
    client.call("createStream", 2, null);
    client.callOn(1, "publish", 3, null, "slow");
    await client.message(({ values }) => values[1] === 2, "the stream");
    await house.server.close();
    await client.closed;
    expect(client.complaints).toEqual(["NetConnection.Connect.AppShutdown: The server shuts down."]);
    expect(house.server.relay.pool.lentBlocks).toBe(0);
  });

  it("from within a hook", async () => {
    let closing: Promise<void> | null = null;
    const house: House = await House.open({
      onPublish: ({ name }) => {
        if (name === "last") closing = house.server.close();
        return true;
      },
    });
    const client = await RawClient.connected(house.port);
    client.call("createStream", 2, null);
    client.callOn(1, "publish", 3, null, "last");
    await client.closed;
    await closing;
    expect(house.server.relay.pool.lentBlocks).toBe(0);
  });
});
