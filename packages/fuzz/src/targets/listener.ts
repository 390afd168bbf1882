import { type BufferPool, MessageEvent, MessageReader, MessageType, type Output } from "@millrace/core";
import { HANDSHAKE_BYTES } from "../seeds.ts";
import { check } from "../target.ts";

/** A peer that hears all that a connection says: it must be able to read it, whatever the connection was told. */
export class Listener {
  /** Messages that were heard. */
  messages = 0;
  /** Those of video among them. */
  pictures = 0;
  private readonly reader: MessageReader;
  private readonly memory = new Uint8Array(16_384);
  private silent = HANDSHAKE_BYTES;

  constructor(pool: BufferPool) {
    this.reader = new MessageReader(pool);
  }

  hear(output: Output): void {
    const { memory, reader } = this;
    for (;;) {
      const length = output.transmit(memory, 0, memory.length);
      check(length <= memory.length, `transmit wrote ${length} bytes into ${memory.length}.`);
      if (length === 0) return;
      const start = Math.min(this.silent, length);
      this.silent -= start;
      reader.feed(memory, start, length);
      for (let event = reader.poll(); event !== MessageEvent.NeedData; event = reader.poll()) {
        check(event === MessageEvent.Message, `It says what cannot be read: ${reader.error?.message}`);
        this.messages++;
        if (reader.messageType === MessageType.Video) this.pictures++;
      }
    }
  }

  close(): void {
    this.reader.close();
  }
}
