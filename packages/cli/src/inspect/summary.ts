import type { Message } from "./events.ts";
import { typeName } from "./type-name.ts";

/** Counts what was read, for the last line. */
export class Summary {
  private messages = 0;
  private bytes = 0;
  private readonly byType = new Map<number, number>();

  count({ type, start, end }: Message): void {
    this.messages++;
    this.bytes += end - start;
    this.byType.set(type, (this.byType.get(type) ?? 0) + 1);
  }

  /** `3 messages, 300 bytes of payload: Video 2, Audio 1`. */
  text(): string {
    const types = [...this.byType].sort(([, one], [, other]) => other - one);
    const counts = types.map(([type, count]) => `${typeName(type) ?? `type ${type}`} ${count}`);
    const head = `${this.messages} messages, ${this.bytes} bytes of payload`;
    return counts.length === 0 ? head : `${head}: ${counts.join(", ")}`;
  }
}
