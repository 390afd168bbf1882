import type { Connection } from "./connection.ts";
import type { PacketReader, SkipReason } from "./packet.ts";
import { isPcap, readPcap } from "./pcap.ts";
import { isPcapng, readPcapng } from "./pcapng.ts";
import { type Piece, Reassembly } from "./reassembly.ts";
import { readSegment } from "./tcp.ts";

export type CaptureFormat = "pcap" | "pcapng" | "raw";

/** What there is to say about a capture beside its bytes. It grows as the pieces are taken. */
export interface CaptureReport {
  /** Packets read so far. */
  packets: number;
  /** Packets that were left out, by reason. */
  skipped: Record<SkipReason, number>;
  /** Where the file was cut off inside its last packet; null when it is whole. */
  truncatedAt: number | null;
  /** With what is missing in each direction. Empty for raw bytes. */
  connections: readonly Connection[];
}

export interface Capture {
  format: CaptureFormat;
  /**
   * The streams in the order in which their bytes became complete, over all connections and directions. Can be taken
   * once. Throws CaptureError where the file is malformed; all pieces before that have been given.
   */
  pieces: Generator<Piece, void, undefined>;
  report: CaptureReport;
}

/**
 * Opens a capture file, pcap or pcapng by its first bytes; whatever begins otherwise is the raw bytes of one direction.
 *
 * The whole file is in memory, which Node bounds to 2 GiB when it reads one; pieces point into it, and nothing is copied.
 * Beside it there is one small record per TCP segment.
 *
 * @param bytes belong to the capture until the last piece was used.
 */
export function openCapture(bytes: Uint8Array): Capture {
  const format = isPcap(bytes) ? "pcap" : isPcapng(bytes) ? "pcapng" : "raw";
  const reassembly = new Reassembly(bytes);
  const report: CaptureReport = {
    packets: 0,
    skipped: { unknownLinkType: 0, notIp: 0, notTcp: 0, fragment: 0, malformed: 0 },
    truncatedAt: null,
    connections: reassembly.connections,
  };
  if (format === "raw") return { format, pieces: rawPiece(bytes), report };
  const packets = format === "pcap" ? readPcap(bytes) : readPcapng(bytes);
  return { format, pieces: reassemble(bytes, packets, reassembly, report), report };
}

function* rawPiece(bytes: Uint8Array): Capture["pieces"] {
  if (bytes.length === 0) return;
  yield { connection: 0, direction: null, bytes, start: 0, end: bytes.length, time: null };
}

function* reassemble(
  bytes: Uint8Array,
  packets: PacketReader,
  reassembly: Reassembly,
  report: CaptureReport,
): Capture["pieces"] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let next = packets.next();
  for (; !next.done; next = packets.next()) {
    report.packets++;
    const segment = readSegment(view, next.value);
    if (typeof segment === "string") report.skipped[segment]++;
    else yield* reassembly.receive(segment);
  }
  report.truncatedAt = next.value;
}
