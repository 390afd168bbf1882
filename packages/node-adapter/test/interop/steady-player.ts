import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import {
  AmfObject,
  type AmfValue,
  BufferPool,
  ChunkWriter,
  ClientHandshake,
  defaultLimits,
  encodeValues,
  HandshakeEvent,
  MessageEvent,
  MessageReader,
  MessageType,
  readCommand,
} from "@millrace/core";

const FLV_HEADER = Buffer.from("464c5601050000000900000000", "hex");
const TAG_HEADER = 11;
/** The server counts message streams from 1. */
const STREAM = 1;

/**
 * A player that stays when its publisher ends, as none of the real ones does. It asks for everything at once and does not
 * wait for answers.
 */
export class SteadyPlayer {
  /** The codes of the onStatus commands that came. */
  readonly statuses: string[] = [];
  /** What came between one publisher's start and the next one's, each as an FLV file. */
  readonly recordings: Buffer[][] = [];
  private readonly socket: Socket;
  private readonly handshake = new ClientHandshake({ random: randomBytes(1528) });
  private readonly pool = new BufferPool(2 ** 22);
  private readonly reader = new MessageReader(this.pool);
  private readonly writer = new ChunkWriter(this.pool);
  private readonly memory = new Uint8Array(4096);
  private isOpen = false;

  constructor(port: number, app: string, name: string) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (bytes) => this.receive(bytes));
    this.say("connect", 1, 0, AmfObject.of({ app, tcUrl: `rtmp://127.0.0.1:${port}/${app}` }));
    this.say("createStream", 2, 0, null);
    this.say("play", 3, STREAM, null, name);
    this.send(this.handshake);
  }

  close(): void {
    this.socket.destroy();
  }

  private say(command: string, transactionId: number, streamId: number, ...values: AmfValue[]): void {
    const payload = encodeValues(command, transactionId, ...values);
    this.writer.copy(3, MessageType.CommandAmf0, streamId, 0, payload, 0, payload.length);
  }

  private send(source: ClientHandshake | ChunkWriter): void {
    for (let length = -1; length !== 0; ) {
      length = source.transmit(this.memory, 0, this.memory.length);
      this.socket.write(this.memory.slice(0, length));
    }
  }

  private receive(bytes: Buffer): void {
    let start = 0;
    if (!this.isOpen) {
      this.handshake.feed(bytes, 0, bytes.length);
      this.isOpen = this.handshake.poll() === HandshakeEvent.Done;
      this.send(this.handshake);
      if (!this.isOpen) return;
      start = this.handshake.position;
      this.send(this.writer);
    }
    this.reader.feed(bytes, start, bytes.length);
    while (this.reader.poll() === MessageEvent.Message) this.take();
  }

  private take(): void {
    const { messageType, bytes, start, end, timestamp } = this.reader;
    switch (messageType) {
      case MessageType.Audio:
      case MessageType.Video: {
        const tag = Buffer.alloc(TAG_HEADER + end - start + 4);
        tag.writeUInt8(messageType);
        tag.writeUIntBE(end - start, 1, 3);
        tag.writeUIntBE(timestamp % 2 ** 24, 4, 3);
        tag.writeUInt8(Math.floor(timestamp / 2 ** 24), 7);
        tag.set(bytes.subarray(start, end), TAG_HEADER);
        tag.writeUInt32BE(TAG_HEADER + end - start, TAG_HEADER + end - start);
        this.recordings.at(-1)?.push(tag);
        break;
      }
      case MessageType.CommandAmf0: {
        const command = readCommand(bytes, start, end, false, defaultLimits);
        const status = "name" in command && command.name === "onStatus" ? command.arguments[0] : null;
        if (status instanceof AmfObject) this.note(String(status.get("code")));
      }
    }
  }

  private note(code: string): void {
    this.statuses.push(code);
    if (code === "NetStream.Play.PublishNotify") this.recordings.push([FLV_HEADER]);
  }
}
