import {
  AmfObject,
  BufferPool,
  ChunkWriter,
  encodeValues,
  HandshakeEvent,
  information,
  MessageType,
  ServerHandshake,
} from "@millrace/core";
import type { Transport, TransportListener } from "../src/index.ts";

const pool = new BufferPool(2 ** 20);
const random = new Uint8Array(1528);

/** Leads to a server that is nowhere, and that sends all clients elsewhere. */
export class RefusingTransport implements Transport {
  private readonly redirect: string;
  private readonly handshake = new ServerHandshake({ random });
  private listener: TransportListener | null = null;

  constructor(redirect: string) {
    this.redirect = redirect;
  }

  start(listener: TransportListener): void {
    this.listener = listener;
  }

  write(bytes: Uint8Array): void {
    const memory = new Uint8Array(4096);
    this.handshake.feed(bytes, 0, bytes.length);
    const isOpen = this.handshake.poll() === HandshakeEvent.Done;
    // The client asks to be let in together with the end of its handshake.
    const length = isOpen ? this.refuse(memory) : this.handshake.transmit(memory, 0, memory.length);
    queueMicrotask(() => {
      this.listener?.handleWritten();
      this.listener?.handleBytes(memory, 0, length);
    });
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    const { listener } = this;
    this.listener = null;
    queueMicrotask(() => listener?.handleClose(null));
  }

  pause(): void {}
  resume(): void {}

  private refuse(memory: Uint8Array): number {
    const ex = AmfObject.of({ code: 302, redirect: this.redirect });
    const answer = information("error", "NetConnection.Connect.Rejected", "Elsewhere.", { ex });
    const payload = encodeValues("_error", 1, null, answer);
    const writer = new ChunkWriter(pool);
    writer.lend(3, MessageType.CommandAmf0, 0, 0, payload, 0, payload.length);
    const length = writer.transmit(memory, 0, memory.length);
    writer.close();
    return length;
  }
}
