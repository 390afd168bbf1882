import {
  ClientHandshake,
  clientKeys,
  findDigest,
  hasSignature,
  ServerHandshake,
  serverKeys,
} from "@millrace/core/handshake";
import { SeededRandom } from "../inputs/random.ts";
import { nodeMediaServer } from "../peers/node-media-server.ts";
import type { Announce, Group, Kind, Subject } from "../subject.ts";

const PACKET = 1536;
const ANSWER_LENGTH = 1 + 2 * PACKET;
const random = new SeededRandom(0x68616e64).bytes(PACKET);
const output = new Uint8Array(ANSWER_LENGTH);

/** The server's side, from C0 to the end of C2. */
export const handshakeGroup: Group = {
  name: "handshake",
  prepare: (announce) => [...handshakes("plain", false, 100, announce), ...handshakes("digest", true, 20, announce)],
};

/** A pass makes several handshakes, so that it is long beside a look at the clock. */
function handshakes(kind: string, digest: boolean, repeats: number, announce: Announce): Subject[] {
  const client = clientBytes(digest);
  const label = `handshake, ${kind}`;
  const subjects: Subject[] = [];
  const add = (name: string, subjectKind: Kind, answer: (client: Buffer) => Uint8Array): void => {
    if (!isAnswer(answer(client), client, digest)) {
      announce(`${name} does not count for ${label}: its answer is wrong`);
      return;
    }
    const pass = (): void => {
      for (let count = 0; count < repeats; count++) answer(client);
    };
    const work = { chunks: 0, messages: repeats, bytes: repeats * client.length };
    subjects.push({ name, input: label, kind: subjectKind, work, run: { pass } });
  };
  add("ServerHandshake", "own", answerOurs);
  const Rtmp = nodeMediaServer();
  if (Rtmp !== null) {
    add("node-media-server", "peer", (bytes) => {
      const rtmp = new Rtmp();
      let answer: Uint8Array = new Uint8Array(0);
      rtmp.onOutputCallback = (written) => {
        answer = written;
      };
      rtmp.parserData(bytes);
      return answer;
    });
  }
  return subjects;
}

/** C0, C1 and C2. What is in C2 does not matter. */
function clientBytes(digest: boolean): Buffer {
  const bytes = Buffer.alloc(ANSWER_LENGTH);
  new ClientHandshake({ random, digest }).transmit(bytes, 0, bytes.length);
  return bytes;
}

function answerOurs(client: Uint8Array): Uint8Array {
  const server = new ServerHandshake({ random });
  server.feed(client, 0, client.length);
  server.poll();
  server.transmit(output, 0, output.length);
  return output;
}

/** Whether these are S0, S1 and S2 that such a client takes. */
function isAnswer(answer: Uint8Array, client: Uint8Array, digest: boolean): boolean {
  if (answer.length !== ANSWER_LENGTH || answer[0] !== 3) return false;
  const c1 = client.subarray(1, 1 + PACKET);
  const s2 = answer.subarray(1 + PACKET);
  if (!digest) return s2.every((byte, at) => byte === c1[at]);
  const found = findDigest(c1, clientKeys);
  return found !== null && hasSignature(s2, found.digest, serverKeys);
}
