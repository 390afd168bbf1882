import { connect, type Socket } from "node:net";
import { ChunkReader, type IncomingMessage, type MessageSink } from "./chunk-reader.ts";
import {
  acknowledgement,
  C0_C1,
  CREATE_STREAM,
  connect as connectCommand,
  MessageType,
  pong,
  SERVER_HANDSHAKE_LENGTH,
  setChunkSize,
} from "./wire.ts";

/** All connections of a process read into the same memory: what is read is looked at before the next read. */
const shared = Buffer.allocUnsafeSlow(256 * 1024);

/** A server that has not granted in so many milliseconds what it was asked for has refused it. */
const PATIENCE = 10_000;

/** What a connection asks for once it is connected. */
export type Intent =
  | { readonly kind: "idle" }
  | { readonly kind: "bare" }
  | {
      readonly kind: "stream";
      /** The publish or play command, for the message stream that the server made. */
      readonly command: (streamId: number) => Buffer;
      /** The status code that grants it. */
      readonly granted: string;
    };

/** An RTMP client as far as a load generator needs one. Subclasses look at media. */
export class Connection implements MessageSink {
  /** Settles when the server granted what was asked for; false when the connection ended before. */
  readonly ready: Promise<boolean>;
  isClosed = false;
  /** It goes by its own choice, not the server's. */
  isLeaving = false;
  streamId = 0;
  /** Payload bytes of audio, video and data received. */
  mediaBytes = 0;
  readonly socket: Socket;
  readonly reader: ChunkReader = new ChunkReader(this);
  private readonly intent: Intent;
  private readonly port: number;
  private settle: (isGranted: boolean) => void = () => {};
  private handshake: Buffer | null = Buffer.alloc(SERVER_HANDSHAKE_LENGTH);
  private handshakeLength = 0;
  private results = 0;
  private bytesRead = 0;
  private bytesAcknowledged = 0;
  private window = 0;

  constructor(port: number, intent: Intent) {
    this.port = port;
    this.intent = intent;
    this.ready = new Promise((resolve) => {
      this.settle = resolve;
    });
    const callback = (length: number): boolean => {
      this.read(length);
      return true;
    };
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer: shared, callback } });
    const timer = setTimeout(() => this.closed(), PATIENCE);
    void this.ready.then(() => clearTimeout(timer));
    this.socket.on("connect", () => this.connected());
    this.socket.on("error", () => this.closed());
    this.socket.on("end", () => this.closed());
    this.socket.on("close", () => this.closed());
  }

  leave(): void {
    this.isLeaving = true;
    this.socket.destroy();
  }

  /** To be overridden: the command was sent. */
  asked(): void {}

  started(_message: IncomingMessage): void {}

  ended(message: IncomingMessage): void {
    const { type, head, length } = message;
    switch (type) {
      case MessageType.AUDIO:
      case MessageType.VIDEO:
      case MessageType.DATA:
        this.mediaBytes += length;
        break;
      case MessageType.SET_CHUNK_SIZE:
        this.reader.chunkSize = head.readUInt32BE(0);
        break;
      case MessageType.WINDOW_ACKNOWLEDGEMENT_SIZE:
        this.window = head.readUInt32BE(0);
        break;
      case MessageType.USER_CONTROL:
        if (head.readUInt16BE(0) === 6) this.socket.write(pong(head.subarray(2, 6)));
        break;
      case MessageType.COMMAND:
        this.commanded(head.subarray(0, Math.min(length, head.length)));
        break;
    }
  }

  private connected(): void {
    this.socket.write(C0_C1);
    if (this.intent.kind !== "bare") return;
    // The same bytes as a client sends, so that the bare socket has read as much. Nothing answers.
    this.socket.write(Buffer.concat([C0_C1.subarray(1), setChunkSize(), connectCommand(this.port)]));
    this.settle(true);
  }

  private read(length: number): void {
    this.bytesRead += length;
    let at = 0;
    if (this.handshake !== null) {
      at = Math.min(length, SERVER_HANDSHAKE_LENGTH - this.handshakeLength);
      shared.copy(this.handshake, this.handshakeLength, 0, at);
      this.handshakeLength += at;
      if (this.handshakeLength < SERVER_HANDSHAKE_LENGTH) return;
      const c2 = this.handshake.subarray(1, 1537); // S1 again
      this.socket.write(Buffer.concat([c2, setChunkSize(), connectCommand(this.port)]));
      this.handshake = null;
    }
    this.reader.read(shared, at, length);
    if (this.window > 0 && this.bytesRead - this.bytesAcknowledged >= this.window / 2) {
      this.bytesAcknowledged = this.bytesRead;
      this.socket.write(acknowledgement(this.bytesRead % 0x1_0000_0000));
    }
  }

  private commanded(payload: Buffer): void {
    const { intent } = this;
    if (payload.indexOf("_result") === 3) {
      this.results++;
      if (intent.kind === "idle") this.settle(true);
      else if (intent.kind === "stream" && this.results === 1) this.socket.write(CREATE_STREAM);
      else if (intent.kind === "stream" && this.results === 2) {
        this.streamId = payload.readDoubleBE(payload.length - 8); // the last value
        this.socket.write(intent.command(this.streamId));
        this.asked();
      }
    } else if (intent.kind === "stream" && payload.includes(intent.granted)) this.settle(true);
  }

  private closed(): void {
    if (!this.isLeaving) this.isClosed = true;
    this.settle(false);
    this.socket.destroy();
  }
}
