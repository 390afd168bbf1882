import { FlvEvent, FlvReader } from "../../src/flv/index.ts";
import { errorLine, hexOf, limitsOf, type Setting } from "../vector-file.ts";

/** Writes down the header, the tags, the error and the end of a file. */
export class FlvLog {
  readonly log: string[] = [];
  private readonly reader: FlvReader;

  constructor(settings: readonly Setting[] = []) {
    this.reader = new FlvReader({ limits: limitsOf(settings) });
  }

  read(bytes: Uint8Array, start: number, end: number): void {
    const { reader, log } = this;
    if (reader.error !== null) return;
    reader.feed(bytes, start, end);
    for (let event = reader.poll(); event !== FlvEvent.NeedData; event = reader.poll()) {
      if (event === FlvEvent.Failed) {
        this.fail();
        return;
      }
      log.push(event === FlvEvent.Header ? headerLine(reader) : tagLine(reader));
    }
  }

  end(): void {
    const { reader, log } = this;
    if (reader.error !== null) return;
    reader.finish();
    if (reader.error !== null) {
      this.fail();
      return;
    }
    const { lastTagEnd, lastTagSize, wrongPreviousTagSizes, truncatedBytes } = reader;
    log.push(`end tags=${lastTagEnd} last=${lastTagSize} wrong=${wrongPreviousTagSizes} truncated=${truncatedBytes}`);
  }

  private fail(): void {
    const { error } = this.reader;
    if (error === null || this.reader.poll() !== FlvEvent.Failed) throw new Error("Failed, but not for good.");
    this.log.push(errorLine(error));
  }
}

function headerLine({ hasAudio, hasVideo }: FlvReader): string {
  return `header audio=${hasAudio} video=${hasVideo}`;
}

function tagLine({ tagType, timestamp, streamId, isEncrypted, bytes, start, end }: FlvReader): string {
  const fields = `type=${tagType} timestamp=${timestamp} stream=${streamId}${isEncrypted ? " encrypted" : ""}`;
  const payload = start === end ? "" : ` payload=${hexOf(bytes, start, end)}`;
  return `tag ${fields} length=${end - start}${payload}`;
}
