import type { CaptureReport } from "./open.ts";

/** In words, one sentence each: all that the messages of a capture may suffer from. Empty when nothing was lost. */
export function describeLosses(report: CaptureReport): string[] {
  const { skipped, truncatedAt, connections } = report;
  const losses: string[] = [];
  if (truncatedAt !== null) losses.push(`the file is cut off inside the packet at byte ${truncatedAt}`);
  if (skipped.fragment > 0) losses.push(`fragments of IP packets, left out: ${skipped.fragment}`);
  if (skipped.malformed > 0) losses.push(`packets with malformed or cut off headers, left out: ${skipped.malformed}`);
  if (skipped.unknownLinkType > 0) losses.push(`packets of an unknown link type, left out: ${skipped.unknownLinkType}`);
  for (const connection of connections) {
    for (const direction of ["c2s", "s2c"] as const) {
      const { gap, contradictions } = connection[direction];
      const where = `connection ${connection.id} ${direction}`;
      if (gap !== null) {
        losses.push(`${where}: ${gap.length} bytes are missing after the first ${gap.offset}; nothing behind is shown`);
      }
      if (contradictions > 0) {
        losses.push(`${where}: segments that repeat bytes with another content, first seen counts: ${contradictions}`);
      }
    }
  }
  return losses;
}
