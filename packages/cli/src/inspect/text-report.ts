import type { Paint } from "../paint.ts";
import { printable } from "../printable.ts";
import { contentText } from "./content-text.ts";
import type { ChunkHeader, Failure, Message, Place } from "./events.ts";
import type { Report } from "./report.ts";
import { sha1 } from "./sha1.ts";
import { typeName } from "./type-name.ts";

const arrows = { c2s: "→", s2c: "←" } as const;

const TIME_WIDTH = 9;
const PLACE_WIDTH = 5;
const CSID_WIDTH = 5;
/** The longest name, WindowAcknowledgementSize. */
const TYPE_WIDTH = 25;
const STREAM_WIDTH = 6;
const TIMESTAMP_WIDTH = 10;
const LENGTH_WIDTH = 8;

/** For people: aligned columns, a line per message. */
export class TextReport implements Report {
  readonly heading: string;
  private readonly withHash: boolean;
  private readonly paint: Paint;
  /** Times are shown in seconds since the first message. */
  private firstTime: number | null = null;

  constructor(withHash: boolean, paint: Paint) {
    this.withHash = withHash;
    this.paint = paint;
    const columns = [
      "time".padStart(TIME_WIDTH),
      "from".padEnd(PLACE_WIDTH),
      "csid".padStart(CSID_WIDTH),
      "type".padEnd(TYPE_WIDTH),
      "stream".padStart(STREAM_WIDTH),
      "timestamp".padStart(TIMESTAMP_WIDTH),
      "length".padStart(LENGTH_WIDTH),
      ...(withHash ? ["sha1".padEnd(40)] : []),
      "content",
    ];
    this.heading = paint("dim", columns.join("  "));
  }

  message(message: Message): string {
    const { place, time, chunkStreamId, type, streamId, timestamp, bytes, start, end } = message;
    const name = (typeName(type) ?? `type ${type}`).padEnd(TYPE_WIDTH);
    const columns = [
      this.timeText(time),
      this.placeText(place),
      String(chunkStreamId).padStart(CSID_WIDTH),
      this.paint("bold", name),
      String(streamId).padStart(STREAM_WIDTH),
      String(timestamp).padStart(TIMESTAMP_WIDTH),
      String(end - start).padStart(LENGTH_WIDTH),
      ...(this.withHash ? [this.paint("dim", sha1(bytes, start, end))] : []),
      contentText(message),
    ];
    return columns.join("  ").trimEnd();
  }

  chunk({ place, time, chunkStreamId, format, headerLength, payloadLength }: ChunkHeader): string {
    const text = `chunk, fmt ${format}, header ${headerLength}, payload ${payloadLength}`;
    const csid = String(chunkStreamId).padStart(CSID_WIDTH);
    return [this.timeText(time), this.placeText(place), csid, this.paint("dim", text)].join("  ");
  }

  failure({ place, code, message, offset }: Failure): string {
    const text = `${code} at byte ${offset}: ${printable(message)}`;
    const where = place === null ? "".padEnd(PLACE_WIDTH) : this.placeText(place);
    return [this.timeText(null), where, "".padStart(CSID_WIDTH), this.paint("red", text)].join("  ");
  }

  private timeText(time: number | null): string {
    if (time === null) return "".padStart(TIME_WIDTH);
    this.firstTime ??= time;
    return ((time - this.firstTime) / 1000).toFixed(3).padStart(TIME_WIDTH);
  }

  private placeText({ connection, direction }: Place): string {
    if (direction === null) return "-".padEnd(PLACE_WIDTH);
    const text = `#${connection} ${arrows[direction]}`.padEnd(PLACE_WIDTH);
    return this.paint(direction === "c2s" ? "cyan" : "magenta", text);
  }
}
