import type { Announce, Subject, Work } from "../subject.ts";
import { load } from "./installed.ts";
import { nodeMediaServer } from "./node-media-server.ts";

/** Where node-media-server keeps what players of a stream get. */
interface BroadcastServer {
  broadcastMessage(packet: object): void;
}

/** A publication through node-media-server, from bytes to what it holds ready for players, of whom there are none. */
export function nodeMediaServerPublisher(
  label: string,
  bytes: Buffer,
  piece: number,
  work: Work,
  announce: Announce,
): Subject | null {
  const Rtmp = nodeMediaServer();
  // The version is pinned in bench/peers; this is what it exports there.
  const Broadcast = load("node-media-server/src/server/broadcast_server.js") as
    | (new (
        path: string,
      ) => BroadcastServer)
    | null;
  if (Rtmp === null || Broadcast === null) return null;
  const publish = (): number => {
    const rtmp = new Rtmp();
    const broadcast = new Broadcast("/live/camera");
    let messages = 0;
    rtmp.onPacketCallback = (packet) => {
      messages++;
      broadcast.broadcastMessage(packet);
    };
    for (let at = 0; at < bytes.length; at += piece) rtmp.parserData(bytes.subarray(at, at + piece));
    return messages;
  };
  const obstacle = obstacleOf(publish, work.messages);
  if (obstacle !== null) {
    announce(`node-media-server does not count for ${label}: ${obstacle}`);
    return null;
  }
  const pass = (): void => {
    publish();
  };
  return { name: "node-media-server", input: label, kind: "peer", work, run: { pass } };
}

function obstacleOf(publish: () => number, expected: number): string | null {
  try {
    const messages = publish();
    return messages === expected ? null : `messages: ${messages}, ours ${expected}`;
  } catch (error) {
    return `${error}`;
  }
}
