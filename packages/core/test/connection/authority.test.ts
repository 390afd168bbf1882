// What passes of each kind of message, at each stage of a connection, from either end: tables, of which every field is tried.
import { describe, expect, it } from "vitest";
import { AmfObject, type AmfValue } from "../../src/amf/index.ts";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { ClientEvent, type Connection, ConnectionEvent } from "../../src/connection/index.ts";
import { LiveStream } from "../../src/live/index.ts";
import {
  aggregatePayload,
  encodeAmf3Values,
  encodeValues,
  information,
  userControlPayload,
} from "../../src/message/index.ts";
import { TestServer } from "./client/server.ts";
import { type ClientOptions, TestClient } from "./client.ts";

/** A message: type, message stream, payload. */
type Message = readonly [messageType: number, streamId: number, payload: Uint8Array];

const { Audio, Video, DataAmf0, DataAmf3, CommandAmf0, CommandAmf3 } = MessageType;
const keyframe = Uint8Array.of(0x17, 1, 0, 0, 0, 1);
const four = Uint8Array.of(0, 0, 16, 0);
const part = { messageType: Video, timestamp: 0, payload: keyframe };

const command = (streamId: number, name: string, ...values: AmfValue[]): Message => [
  CommandAmf0,
  streamId,
  encodeValues(name, 5, null, ...values),
];
const connect = encodeValues("connect", 1, AmfObject.of({ app: "live" }));

/** One of each type. Those that may be of a stream are of message stream 1. */
const types: Readonly<Record<string, Message>> = {
  "1 Set Chunk Size": [MessageType.SetChunkSize, 0, four],
  "2 Abort": [MessageType.Abort, 0, Uint8Array.of(0, 0, 0, 9)],
  "3 Acknowledgement": [MessageType.Acknowledgement, 0, four],
  "4 Stream EOF": [MessageType.UserControl, 0, userControlPayload(1, 1)],
  "4 Set Buffer Length": [MessageType.UserControl, 0, userControlPayload(3, 1, 1_000)],
  "4 unknown event": [MessageType.UserControl, 0, userControlPayload(99)],
  "5 Window Size": [MessageType.WindowAcknowledgementSize, 0, four],
  "6 Peer Bandwidth": [MessageType.SetPeerBandwidth, 0, Uint8Array.of(0, 0x26, 0x25, 0xa0, 2)],
  "7 undefined": [7, 1, four],
  "8 audio": [Audio, 1, Uint8Array.of(0xaf, 1, 0)],
  "9 video": [Video, 1, keyframe],
  "9 video, stream 2": [Video, 2, keyframe],
  "15 data in AMF3": [DataAmf3, 1, encodeAmf3Values("onMetaData", 1)],
  "16 shared object": [MessageType.SharedObjectAmf3, 0, new Uint8Array(20)],
  "18 data": [DataAmf0, 1, encodeValues("@setDataFrame", "onMetaData", 1)],
  "18 clear data": [DataAmf0, 1, encodeValues("@clearDataFrame", "onMetaData")],
  "19 shared object": [MessageType.SharedObjectAmf0, 0, new Uint8Array(20)],
  "22 aggregate": [MessageType.Aggregate, 1, aggregatePayload([part])],
  "22, commands in it": [
    MessageType.Aggregate,
    1,
    aggregatePayload([
      { messageType: CommandAmf0, timestamp: 0, payload: encodeValues("close", 5, null) },
      { messageType: MessageType.SetChunkSize, timestamp: 0, payload: four },
    ]),
  ],
  "255 undefined": [255, 1, four],
};

/** What clients say to servers. */
const commands: Readonly<Record<string, Message>> = {
  connect: [CommandAmf0, 0, connect],
  "connect, type 17": [CommandAmf3, 0, Uint8Array.of(0, ...connect)],
  createStream: command(0, "createStream"),
  publish: command(1, "publish", "key", "live"),
  "publish, stream 2": command(2, "publish", "key", "live"),
  play: command(1, "play", "key"),
  deleteStream: command(0, "deleteStream", 1),
  closeStream: command(1, "closeStream"),
  FCUnpublish: command(0, "FCUnpublish", "key"),
  pause: command(1, "pause", true, 0),
  unknown: command(0, "unknown"),
  _result: command(0, "_result", 1),
  onStatus: command(1, "onStatus", information("status", "NetStream.Publish.Start", "")),
  close: command(0, "close"),
};

/** What servers say to clients. */
const answers: Readonly<Record<string, Message>> = {
  "_result of connect": [CommandAmf0, 0, encodeValues("_result", 1, null, information("status", "x", ""))],
  "_error of connect": [CommandAmf0, 0, encodeValues("_error", 1, null, information("error", "x", ""))],
  "_result of no call": [CommandAmf0, 0, encodeValues("_result", 77, null, 1)],
  "onStatus, started": command(1, "onStatus", information("status", "NetStream.Play.Start", "")),
  "onStatus, stream 2": command(2, "onStatus", information("status", "NetStream.Play.Start", "")),
  "onStatus, failed": command(1, "onStatus", information("error", "NetStream.Play.Failed", "")),
  onBWDone: command(0, "onBWDone"),
  connect: [CommandAmf0, 0, connect],
  createStream: command(0, "createStream"),
  publish: command(1, "publish", "key", "live"),
  play: command(1, "play", "key"),
  unknown: command(0, "unknown"),
  close: command(0, "close"),
};

/** How far a client of the server under test has come. */
const stages: Readonly<Record<string, () => TestClient>> = {
  "hand-shaking": () => {
    const client = new TestClient();
    client.give(Uint8Array.of(3, ...new Uint8Array(1536)));
    return client;
  },
  shaken: () => shaken({}),
  asking: () => {
    const client = shaken({ connect: "later" });
    client.connect();
    return client;
  },
  connected: () => TestClient.connected(),
  "with stream": () => withStream({}),
  "asks to publish": () => {
    const client = withStream({ publish: "later" });
    client.callOn(1, "publish", 3, null, "key");
    return client;
  },
  publishing: () => TestClient.publishing(),
  playing: () => TestClient.playing(),
  refused: () => {
    const client = shaken({ connect: "No." });
    client.connect();
    return client;
  },
  closing: () => {
    const client = TestClient.publishing();
    client.call("close", 0, null);
    return client;
  },
};

function shaken(options: ClientOptions): TestClient {
  const client = new TestClient(options);
  client.shakeHands();
  return client;
}

function withStream(options: ClientOptions): TestClient {
  const client = TestClient.connected(options);
  client.call("createStream", 2, null);
  return client;
}

/** A client under test, and what it plays into. */
interface Viewer {
  readonly server: TestServer;
  readonly live: LiveStream;
}

const pool = new BufferPool(2 ** 24);

/** How far the client under test has come. */
const clientStages: Readonly<Record<string, () => Viewer>> = {
  "hand-shaking": () => viewer(new TestServer()),
  shaken: () => viewer(shakenServer()),
  connected: () => viewer(TestServer.connected()),
  creating: () => creating(),
  asked: () => asked(),
  playing: () => {
    const playing = asked();
    playing.server.status(1, "NetStream.Play.Start");
    return playing;
  },
  publishing: () => {
    const server = TestServer.connected();
    server.connection.publish("key");
    server.call("_result", 4, null, 1);
    server.status(1, "NetStream.Publish.Start");
    return viewer(server);
  },
  refused: () => {
    const server = shakenServer();
    server.call("_error", 1, null, information("error", "x", ""));
    return viewer(server);
  },
  left: () => {
    const left = asked();
    left.server.connection.leave();
    return left;
  },
};

function viewer(server: TestServer): Viewer {
  return { server, live: new LiveStream(pool) };
}

function shakenServer(): TestServer {
  const server = new TestServer();
  server.shakeHands();
  return server;
}

function creating(): Viewer {
  const each = viewer(TestServer.connected());
  each.server.connection.play("key", each.live);
  return each;
}

function asked(): Viewer {
  const each = creating();
  each.server.call("_result", 2, null, 1);
  return each;
}

function isOver(connection: Connection<number>): boolean {
  const event = connection.poll();
  return event === ConnectionEvent.Failed || event === ClientEvent.Closed; // the same numbers at both ends
}

/** What a live stream was given, metadata included. */
function contentOf({ receivedMessages, metadata }: LiveStream): number {
  return receivedMessages + (metadata === null ? 0 : 1);
}

/** What became of a message, as the tables say it. @param events - of the end that got it */
function judge(connection: Connection<number>, events: readonly string[], isInStream: boolean): string {
  const [event] = events;
  if (event === undefined) return isInStream ? "stream" : "-";
  return event.startsWith("failed ") ? `${connection.error?.code}` : (event.split(" ")[0] ?? "");
}

function atServer(open: () => TestClient, [messageType, streamId, payload]: Message): string {
  const client = open();
  const { connection, live } = client;
  client.hear();
  const unread = isOver(connection);
  client.events.length = 0;
  const before = contentOf(live);
  client.send(messageType, streamId, payload, 8);
  const isInStream = contentOf(live) > before;
  if (unread) return isInStream ? "stream" : "unread";
  if (connection.request !== null && client.events.length === 0) return isInStream ? "stream" : "waits";
  return judge(connection, client.events, isInStream);
}

function atClient(open: () => Viewer, [messageType, streamId, payload]: Message): string {
  const { server, live } = open();
  const { connection } = server;
  server.hear();
  const unread = isOver(connection);
  server.events.length = 0;
  const before = contentOf(live);
  server.send(messageType, streamId, payload);
  const isInStream = contentOf(live) > before;
  if (unread) return isInStream ? "stream" : "unread";
  return judge(connection, server.events, isInStream);
}

/** Rows of a table: the message, and for each stage what becomes of it. */
function rowsOf(table: string): [name: string, outcomes: string[]][] {
  const lines = table.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [name = "", ...outcomes] = line.trim().split(/ {2,}/);
    return [name, outcomes];
  });
}

// In the tables:
//   -        nothing of it reaches the application or a stream; the connection goes on
//   stream   it goes into the live stream of the application's choice
//   message, command, request, ended, closed, connected, status
//            the event that the application gets
//   waits    it is not read before the application has decided
//   unread   it is not read at all
//   501 ...  the error with which the connection ends: 501 a command before connect, 502 a second connect, 513 connect refused

const toServer = `
message              hand-shaking  shaken   asking  connected  with stream  asks to publish  publishing  playing  refused  closing
1 Set Chunk Size     -             -        waits   -          -            waits            -           -        unread   unread
2 Abort              -             -        waits   -          -            waits            -           -        unread   unread
3 Acknowledgement    -             -        waits   -          -            waits            -           -        unread   unread
4 Stream EOF         -             -        waits   -          -            waits            -           -        unread   unread
4 Set Buffer Length  -             -        waits   -          -            waits            -           -        unread   unread
4 unknown event      -             -        waits   -          -            waits            -           -        unread   unread
5 Window Size        -             -        waits   -          -            waits            -           -        unread   unread
6 Peer Bandwidth     -             -        waits   -          -            waits            -           -        unread   unread
7 undefined          -             -        waits   message    message      waits            message     message  unread   unread
8 audio              -             -        waits   -          -            waits            stream      -        unread   unread
9 video              -             -        waits   -          -            waits            stream      -        unread   unread
9 video, stream 2    -             -        waits   -          -            waits            -           -        unread   unread
15 data in AMF3      -             -        waits   message    message      waits            stream      message  unread   unread
16 shared object     -             -        waits   message    message      waits            message     message  unread   unread
18 data              -             -        waits   message    message      waits            stream      message  unread   unread
18 clear data        -             -        waits   message    message      waits            -           message  unread   unread
19 shared object     -             -        waits   message    message      waits            message     message  unread   unread
22 aggregate         -             -        waits   -          -            waits            stream      -        unread   unread
22, commands in it   -             -        waits   -          -            waits            -           -        unread   unread
255 undefined        -             -        waits   message    message      waits            message     message  unread   unread
connect              -             request  waits   502        502          waits            502         502      unread   unread
connect, type 17     -             request  waits   502        502          waits            502         502      unread   unread
createStream         -             501      waits   -          -            waits            -           -        unread   unread
publish              -             501      waits   -          request      waits            -           -        unread   unread
publish, stream 2    -             501      waits   -          -            waits            -           -        unread   unread
play                 -             501      waits   -          request      waits            -           request  unread   unread
deleteStream         -             501      waits   -          -            waits            ended       ended    unread   unread
closeStream          -             501      waits   -          -            waits            ended       ended    unread   unread
FCUnpublish          -             501      waits   -          -            waits            ended       -        unread   unread
pause                -             501      waits   -          -            waits            -           -        unread   unread
unknown              -             501      waits   command    command      waits            command     command  unread   unread
_result              -             501      waits   -          -            waits            -           -        unread   unread
onStatus             -             501      waits   command    command      waits            command     command  unread   unread
close                -             501      waits   closed     closed       waits            closed      closed   unread   unread
`;

const toClient = `
message              hand-shaking  shaken     connected  creating  asked    playing  publishing  refused  left
1 Set Chunk Size     -             -          -          -         -        -        -           unread   unread
2 Abort              -             -          -          -         -        -        -           unread   unread
3 Acknowledgement    -             -          -          -         -        -        -           unread   unread
4 Stream EOF         -             -          -          -         -        -        -           unread   unread
4 Set Buffer Length  -             -          -          -         -        -        -           unread   unread
4 unknown event      -             -          -          -         -        -        -           unread   unread
5 Window Size        -             -          -          -         -        -        -           unread   unread
6 Peer Bandwidth     -             -          -          -         -        -        -           unread   unread
7 undefined          -             -          message    message   message  message  message     unread   unread
8 audio              -             -          -          -         stream   stream   -           unread   unread
9 video              -             -          -          -         stream   stream   -           unread   unread
9 video, stream 2    -             -          -          -         -        -        -           unread   unread
15 data in AMF3      -             -          message    message   stream   stream   message     unread   unread
16 shared object     -             -          message    message   message  message  message     unread   unread
18 data              -             -          message    message   stream   stream   message     unread   unread
18 clear data        -             -          message    message   -        -        message     unread   unread
19 shared object     -             -          message    message   message  message  message     unread   unread
22 aggregate         -             -          -          -         stream   stream   -           unread   unread
22, commands in it   -             -          -          -         -        -        -           unread   unread
255 undefined        -             -          message    message   message  message  message     unread   unread
_result of connect   -             connected  -          -         -        -        -           unread   unread
_error of connect    -             513        -          -         -        -        -           unread   unread
_result of no call   -             -          -          -         -        -        -           unread   unread
onStatus, started    -             status     status     status    status   status   status      unread   unread
onStatus, stream 2   -             status     status     status    status   status   status      unread   unread
onStatus, failed     -             status     status     status    status   status   status      unread   unread
onBWDone             -             -          -          -         -        -        -           unread   unread
connect              -             command    command    command   command  command  command     unread   unread
createStream         -             command    command    command   command  command  command     unread   unread
publish              -             command    command    command   command  command  command     unread   unread
play                 -             command    command    command   command  command  command     unread   unread
unknown              -             command    command    command   command  command  command     unread   unread
close                -             closed     closed     closed    closed   closed   closed      unread   unread
`;

describe("a server, of what a client says", () => {
  const [[, names] = ["", []], ...rows] = rowsOf(toServer);
  const messages = { ...types, ...commands };

  it("is tried with every message at every stage", () => {
    expect(names).toEqual(Object.keys(stages));
    expect(rows.map(([name]) => name)).toEqual(Object.keys(messages));
  });

  it.each(rows)("%s", (name, expected) => {
    const message = messages[name];
    if (message === undefined) throw new Error(`There is no message ${name}.`);
    expect(Object.values(stages).map((open) => atServer(open, message))).toEqual(expected);
  });
});

describe("a client, of what a server says", () => {
  const [[, names] = ["", []], ...rows] = rowsOf(toClient);
  const messages = { ...types, ...answers };

  it("is tried with every message at every stage", () => {
    expect(names).toEqual(Object.keys(clientStages));
    expect(rows.map(([name]) => name)).toEqual(Object.keys(messages));
  });

  it.each(rows)("%s", (name, expected) => {
    const message = messages[name];
    if (message === undefined) throw new Error(`There is no message ${name}.`);
    expect(Object.values(clientStages).map((open) => atClient(open, message))).toEqual(expected);
  });
});
