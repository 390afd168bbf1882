import { once } from "node:events";
import { encodeValues, limitsWith, MessageType } from "@millrace/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawClient } from "./client.ts";
import { House, videoFrame } from "./house.ts";

const limits = limitsWith({
  handshakeTimeout: 400,
  connectTimeout: 400,
  pingInterval: 400,
  pingTimeout: 400,
  partialMessageTimeout: 300,
  strayMediaBytes: 20_000,
});

let house: House;
beforeAll(async () => {
  // Some of what is odd leaps in time.
  house = await House.open({ stream: { maximumTime: 2 ** 31 - 1 } });
});
afterAll(() => house.close());

/** Does something to a server, and sees that nobody else has noticed it. */
async function attack(act: (client: RawClient) => void | Promise<void>, client: RawClient, on = house): Promise<void> {
  on.events.length = 0;
  on.show(5);
  await act(client);
  on.show(5);
  await client.closed;
  await on.left(2);
  await on.undisturbed();
}

describe("instead of a handshake", () => {
  it.each([
    [
      "random bytes",
      Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 97 + 200) & 0xff)),
      "HandshakeVersion",
    ],
    ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HandshakeForeignProtocol"],
    ["a TLS hello", Buffer.from(`160301020001${"00".repeat(508)}`, "hex"), "HandshakeForeignProtocol"],
    ["RTMPE", Buffer.concat([Buffer.of(6), Buffer.alloc(1536)]), "HandshakeVersion"],
  ])("%s", async (_, bytes, failure) => {
    const client = await RawClient.open(house.port);
    await attack(() => client.write(bytes), client);
    expect(house.reports).toEqual([`failed ${failure}`]);
    expect(client.heard).toEqual([]);
  });
});

describe("the handshake", () => {
  it("half a C1, and the end", async () => {
    const client = await RawClient.open(house.port);
    await attack(async () => {
      client.write(Buffer.concat([Buffer.of(3), Buffer.alloc(700)]));
      await client.close();
    }, client);
    expect(house.reports).toEqual([]);
  });

  it("nothing but noise behind it", async () => {
    const client = await RawClient.shaken(house.port);
    await attack(() => client.write(Buffer.alloc(100_000, 0xff)), client);
    expect(house.failures).toHaveLength(1);
  });
});

describe("what takes too long", () => {
  let hasty: House;
  beforeAll(async () => {
    hasty = await House.open({ limits });
  });
  afterAll(() => hasty.close());

  /** The bystanders must show signs of life meanwhile. */
  async function waitFor(client: RawClient): Promise<void> {
    const signs = setInterval(() => hasty.show(1), 100);
    await client.closed;
    clearInterval(signs);
  }

  it.each([
    ["a connection that says nothing", "", "HandshakeTimeout"],
    ["a handshake that stops half way", "03".repeat(800), "HandshakeTimeout"],
  ])("%s", async (_, hex, failure) => {
    const client = await RawClient.open(hasty.port);
    await attack(
      () => {
        client.writeHex(hex);
        return waitFor(client);
      },
      client,
      hasty,
    );
    expect(hasty.failures).toEqual([`failed ${failure}`]);
  });

  it("no connect", async () => {
    const client = await RawClient.shaken(hasty.port);
    await attack(() => waitFor(client), client, hasty);
    expect(hasty.failures).toEqual(["failed ConnectTimeout"]);
    expect(client.complaints).toEqual([expect.stringContaining("ConnectTimeout")]);
  });

  it("connect, and then silence", async () => {
    const client = await RawClient.connected(hasty.port);
    client.answersPings = false;
    await attack(() => waitFor(client), client, hasty);
    expect(hasty.failures).toEqual(["failed PingTimeout"]);
    expect(client.complaints).toEqual([expect.stringContaining("PingTimeout")]);
  });

  it("a message that is never finished", async () => {
    const client = await RawClient.connected(hasty.port);
    await attack(
      () => {
        client.writeHex("03 000000 000100 14 00000000 02");
        return waitFor(client);
      },
      client,
      hasty,
    );
    expect(hasty.failures).toEqual(["failed PartialMessageTimeout"]);
  });

  it("media of a player", async () => {
    const client = await RawClient.playing(hasty.port, "bystander");
    await attack(
      () => {
        for (let number = 0; number < 30; number++) client.video(number, videoFrame(number, 1_000));
      },
      client,
      hasty,
    );
    expect(hasty.failures).toEqual(["failed MediaWithoutPublish"]);
  });
});

describe("what breaks the protocol, behind connect", () => {
  const hex = (payload: Uint8Array): string => Buffer.from(payload).toString("hex");
  const command = (payload: string): string =>
    `03 000000 ${(payload.length / 2).toString(16).padStart(6, "0")} 14 00000000 ${payload}`;
  const createStream = hex(encodeValues("createStream", 5));

  it.each([
    ["chunk size 0", "02 000000 000004 01 00000000 00000000", "ChunkSizeZero"],
    ["chunk size with the top bit set", "02 000000 000004 01 00000000 80000080", "ChunkSizeTopBit"],
    ["chunk size in a message of length 0", "02 000000 000000 01 00000000", "ControlMessageTruncated"],
    ["Acknowledgement of 3 bytes", "02 000000 000003 03 00000000 000000", "ControlMessageTruncated"],
    ["a control message of 17 bytes", `02 000000 000011 03 00000000 ${"00".repeat(17)}`, "ControlMessageLengthLimit"],
    ["a first header of fmt 3", "c9 00", "ChunkHeaderWithoutPredecessor"],
    ["a first header of fmt 2", "89 000000 00", "ChunkHeaderWithoutPredecessor"],
    [
      "another length in the middle of a message",
      `06 000000 000100 09 01000000 ${"00".repeat(128)} 06 000000 000200 09 01000000`,
      "ChunkHeaderInsideMessage",
    ],
    ["a message of 16 MiB", "06 000000 ffffff 09 01000000", "MediaMessageLengthLimit"],
    ["a command of 1 MiB", "03 000000 100000 14 00000000", "CommandMessageLengthLimit"],
    [
      "65 chunk streams",
      Array.from({ length: 65 }, (_, id) => `00 ${id.toString(16).padStart(2, "0")} 000000 000001 12 00000000 05`).join(
        "",
      ),
      "ChunkStreamLimit",
    ],
    ["a command without a name", command("05"), "CommandMalformed"],
    ["a command that is cut off", command(createStream.slice(0, -4)), "AmfTruncated"],
    ["an unknown marker", command(`${createStream}ff`), "AmfUnknownMarker"],
    ["AMF3 that is cut off", command(`${createStream}110a0b01`), "AmfTruncated"],
    ["an array of 4 billion values", command(`${createStream}0affffffff`), "AmfCountBeyondInput"],
    ["a string of 4 GiB", command(`${createStream}0cffffffff`), "AmfTruncated"],
    ["20 levels", command(`${createStream}${"0a00000001".repeat(20)}05`), "AmfDepthLimit"],
    ["a reference to nothing", command(`${createStream}070000`), "AmfBadReference"],
  ])("%s", async (_, bytes, failure) => {
    const client = await RawClient.connected(house.port);
    await attack(() => client.writeHex(bytes), client);
    expect(house.reports).toEqual([`failed ${failure}`]);
    expect(client.complaints).toEqual([expect.stringContaining(`NetConnection.Call.Failed: ${failure}`)]);
  });

  it("a command before connect", async () => {
    const client = await RawClient.shaken(house.port);
    await attack(() => client.call("createStream", 2, null), client);
    expect(house.reports).toEqual(["failed CommandBeforeConnect"]);
    expect(client.complaints).toHaveLength(2);
  });

  it("a second connect", async () => {
    const client = await RawClient.connected(house.port);
    await attack(() => client.connect(), client);
    expect(house.reports).toEqual(["failed CommandSecondConnect"]);
    expect(client.complaints).toHaveLength(2);
  });

  it("connect without a command object", async () => {
    const client = await RawClient.shaken(house.port);
    await attack(() => client.call("connect", 1), client);
    expect(house.reports).toEqual(["failed CommandMalformed"]);
    expect(client.complaints[0]).toContain("NetConnection.Connect.InvalidApp");
  });

  it("publish without a name", async () => {
    const client = await RawClient.connected(house.port);
    await attack(() => {
      client.call("createStream", 2, null);
      client.callOn(1, "publish", 3, null);
    }, client);
    expect(house.reports).toEqual(["failed CommandMalformed"]);
    expect(client.complaints.join()).toContain("NetStream.Publish.BadName");
  });

  it("empty messages without end", async () => {
    const client = await RawClient.connected(house.port);
    const empty = Buffer.from("060000000000000801000000", "hex");
    await attack(() => client.write(Buffer.concat(new Array<Buffer>(5_000).fill(empty))), client);
    expect(house.reports).toEqual(["failed EmptyMessageRateLimit"]);
  });

  it("control messages without end", async () => {
    const client = await RawClient.connected(house.port);
    const ping = Buffer.from("020000000000060400000000000600000001", "hex");
    await attack(() => client.write(Buffer.concat(new Array<Buffer>(5_000).fill(ping))), client);
    expect(house.reports).toEqual(["failed ControlRateLimit"]);
    expect(client.heard.filter(({ messageType }) => messageType === MessageType.UserControl)).toHaveLength(21);
  });
});

describe("what is odd and allowed", () => {
  /** Sends chunks of video on message stream 1, and says what a player makes of them. */
  async function seen(hexadecimal: string, count: number): Promise<string[]> {
    const publisher = await RawClient.publishing(house.port, "odd");
    const player = await RawClient.playing(house.port, "odd");
    publisher.writeHex(hexadecimal);
    await Promise.race([publisher.closed, player.until(() => player.videos.length === count, "the last message")]);
    await Promise.all([publisher.close(), player.close()]);
    await house.left(2);
    expect(publisher.complaints).toEqual([]);
    await house.undisturbed();
    return player.videos.map(({ timestamp, payload }) => `@${timestamp} ${payload.toString("hex")}`);
  }
  const length3 = "000003 09";

  it("chunk stream ids of every form, interleaved", async () => {
    const ids = ["06", "0000", "00ff", "010001", "01ffff", "010000"];
    const starts = ids.map((id, index) => `${id} 00000${index} 000083 09 01000000 17${"01".repeat(127)}`);
    const ends = ["c6", "c000", "c0ff", "c10001", "c1ffff"].map((id) => `${id} 020304`);
    // 3-byte 64 is the chunk stream 64 of the 2-byte form, whose message is under way: it repeats that header.
    const last = starts.slice(0, 5);
    const result = await seen([...last, ...ends].join(" "), 5);
    expect(result.map((line) => line.slice(0, 2))).toEqual(["@0", "@1", "@2", "@3", "@4"]);
    expect(result.every((line) => line.endsWith("01020304"))).toBe(true);
  });

  it("extended timestamps: absolute, as deltas, repeated and not", async () => {
    const payload = `1701${"00".repeat(126)}`;
    const first = `06 ffffff 000082 09 01000000 01000000 ${payload}`;
    expect(await seen(`${first} c6 01000000 aabb 46 ffffff ${length3} 01312d00 170102`, 2)).toEqual([
      `@16777216 ${payload}aabb`,
      `@${16_777_216 + 20_000_000} 170102`,
    ]);
    expect(await seen(`${first} c6 aabb`, 1)).toEqual([`@16777216 ${payload}aabb`]);
  });

  it("time past 2^32, and back", async () => {
    expect(
      await seen(
        `06 ffffff ${length3} 01000000 fffffff0 170101 46 000020 ${length3} 270101 06 000000 ${length3} 01000000 170102`,
        3,
      ),
    ).toEqual(["@4294967280 170101", "@16 270101", "@0 170102"]);
  });

  it("messages that begin with fmt 3, after fmt 0, 1 and 2", async () => {
    expect(
      await seen(
        `06 00001a ${length3} 01000000 170101 c6 270102 46 000005 ${length3} 270103 c6 270104 86 000007 270105 c6 270106`,
        6,
      ),
    ).toEqual(["@26 170101", "@52 270102", "@57 270103", "@62 270104", "@69 270105", "@76 270106"]);
  });

  it("a first header of fmt 1, and chunk sizes of 1 and 2^31 - 1", async () => {
    const ones = `06 000000 ${length3} 01000000 17 c6 01 c6 01 02 000000 000004 01 00000000 7f c2 ff c2 ff c2 ff`;
    const long = `06 000001 0000ff 09 01000000 27${"02".repeat(254)}`;
    expect(await seen(`42 000000 000004 01 00000001 ${ones} ${long}`, 2)).toEqual([
      "@0 170101",
      `@1 27${"02".repeat(254)}`,
    ]);
  });

  it("an Abort in the middle, and an empty message", async () => {
    const result = await seen(
      `06 000000 000100 09 01000000 17${"00".repeat(127)} 02 000000 000004 02 00000000 00000006 ` +
        `06 000001 ${length3} 01000000 170102 06 000002 000000 09 01000000`,
      2,
    );
    expect(result).toEqual(["@1 170102", "@2 "]);
  });
});

describe("the end without a word", () => {
  const states: [string, (port: number) => Promise<RawClient>, string[]][] = [
    ["of a connection", (port) => RawClient.open(port), []],
    ["behind the handshake", (port) => RawClient.shaken(port), []],
    ["behind connect", (port) => RawClient.connected(port), []],
    ["of a publisher", (port) => RawClient.publishing(port, "brief"), ["publish live/brief", "unpublish live/brief"]],
    ["of a player", (port) => RawClient.playing(port, "bystander"), ["play live/bystander", "stop live/bystander"]],
    [
      "of a publisher in the middle of a message",
      async (port) => {
        const client = await RawClient.publishing(port, "brief");
        client.video(0, videoFrame(0));
        client.write(client.chunks(MessageType.Video, 1, videoFrame(1, 900), 7).subarray(0, 500));
        return client;
      },
      ["publish live/brief", "unpublish live/brief"],
    ],
  ];

  it.each(states)("%s", async (_, open, reports) => {
    house.events.length = 0;
    const client = await open(house.port);
    house.show(5);
    await client.reset();
    await house.left(2);
    expect(house.reports).toEqual(reports);
    await house.undisturbed();
    expect(house.server.streams.map(({ path }) => path)).toEqual(["live/bystander"]);
  });
});

describe("a player that does not read", () => {
  it("loses frames; nobody else does", async () => {
    const small = await House.open({ stream: { maximumBytes: 2 ** 20 } });
    const publisher = await RawClient.publishing(small.port, "film");
    const reader = await RawClient.playing(small.port, "film");
    const sleeper = await RawClient.playing(small.port, "film");
    sleeper.socket.pause();
    const count = 400;
    for (let number = 0; number < count; number++) {
      publisher.video(number, videoFrame(number, 60_000));
      // Not faster than the one who reads.
      await reader.until(() => reader.videos.length > number, `frame ${number}`);
    }
    expect(reader.videos.map(({ timestamp }) => timestamp)).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(small.server.relay.pool.lentBytes).toBeLessThan(2 ** 22);

    sleeper.socket.resume();
    await sleeper.until(() => sleeper.videos.at(-1)?.timestamp === count - 1, "the last frame");
    expect(sleeper.videos.length).toBeLessThan(count);
    // What it got is whole, and after each gap comes a keyframe.
    let previous = -1;
    for (const { timestamp, payload } of sleeper.videos) {
      expect(payload.equals(videoFrame(timestamp, 60_000))).toBe(true);
      if (timestamp !== previous + 1) expect(timestamp % 10).toBe(0);
      previous = timestamp;
    }
    await Promise.all([publisher, reader, sleeper].map((client) => client.close()));
    await small.undisturbed();
    await small.close();
  });

  it("is given up in the end; nobody else is", async () => {
    const strict = await House.open({ stream: { dropVideoAfter: 100, giveUpAfter: 500 } });
    const sleeper = await RawClient.playing(strict.port, "film");
    const reader = await RawClient.playing(strict.port, "film");
    const publisher = await RawClient.publishing(strict.port, "film");
    strict.events.length = 0;
    sleeper.socket.pause();
    for (let number = 0; strict.failures.length === 0; number++) {
      publisher.video(number, videoFrame(number, 60_000));
      await reader.until(() => reader.videos.length > number, `frame ${number}`);
    }
    expect(strict.reports).toEqual(["failed PlayerTooSlow", "stop live/film"]);
    sleeper.socket.resume();
    await sleeper.closed;
    await Promise.all([publisher, reader].map((client) => client.close()));
    await strict.undisturbed();
    await strict.close();
  });

  it("and goes without a word: its memory comes back", async () => {
    const sleeper = await RawClient.playing(house.port, "bystander");
    sleeper.socket.pause();
    house.show(2_000);
    await house.undisturbed();
    await sleeper.reset();
    await house.left(2);
  });
});

it("a peer that asks and does not read the answers", async () => {
  const client = await RawClient.connected(house.port);
  house.events.length = 0;
  client.socket.pause();
  const call = Buffer.from(client.chunks(MessageType.CommandAmf0, 0, encodeValues("createStream", 5, null), 9));
  const calls = Buffer.concat(new Array<Buffer>(20_000).fill(call));
  while (house.failures.length === 0) {
    if (!client.socket.write(calls))
      await Promise.race([once(client.socket, "drain"), house.reported("failed OutgoingBytesLimit")]);
  }
  expect(house.failures).toEqual(["failed OutgoingBytesLimit"]);
  client.socket.resume();
  await client.closed;
  await house.left(2);
  await house.undisturbed();
});
