import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAXIMUM_HELD_BYTES, MAXIMUM_HELD_SPANS } from "../../src/capture/flow.ts";
import { describeLosses } from "../../src/capture/index.ts";
import { concat, ipv4, pcap, pcapOf, read, type TcpOptions, tcp, textOf } from "./builder.ts";

const client = (sequence: number, payload = "", flags = "A"): TcpOptions => ({ sequence, payload, flags });
const server = (sequence: number, payload = "", flags = "A"): TcpOptions => ({
  from: "server",
  sequence,
  payload,
  flags,
});
/** The client begins with sequence number 101, the server with 501. */
const opening = [client(100, "", "S"), server(500, "", "SA"), client(101)];

function run(...segments: TcpOptions[]) {
  const { pieces, report, streams } = read(pcapOf(...segments));
  return { pieces, streams, connections: report.connections, losses: describeLosses(report) };
}

describe("one direction", () => {
  const c2s = (...segments: TcpOptions[]) => {
    const { streams, connections } = run(...segments);
    return { stream: streams["0 c2s"] ?? "", gap: connections[0]?.c2s.gap, count: connections[0]?.c2s.contradictions };
  };
  const whole = (stream: string) => ({ stream, gap: null, count: 0 });

  it("is in order as it comes", () => {
    expect(c2s(...opening, client(101, "abc"), client(104, "def"))).toEqual(whole("abcdef"));
  });

  it("takes retransmitted bytes once", () => {
    expect(c2s(...opening, client(101, "abc"), client(101, "abc"), client(104, "def"))).toEqual(whole("abcdef"));
  });

  it("takes overlapping bytes once", () => {
    expect(c2s(...opening, client(101, "abc"), client(102, "bcde"), client(101, "abcdefg"))).toEqual(whole("abcdefg"));
  });

  it("puts late segments in their place", () => {
    expect(c2s(...opening, client(107, "ghi"), client(104, "def"), client(101, "abc"))).toEqual(whole("abcdefghi"));
  });

  it("closes several gaps with one segment", () => {
    const late = [client(109, "i"), client(103, "cd"), client(106, "f")];
    expect(c2s(...opening, ...late, client(101, "abcdefghi"))).toEqual(whole("abcdefghi"));
  });

  it("keeps the first of contradictory bytes, delivered or held, and counts", () => {
    expect(c2s(...opening, client(101, "abc"), client(101, "aXcd"))).toEqual({ ...whole("abcd"), count: 1 });
    const held = [client(104, "def"), client(103, "Xd?f"), client(101, "ab")];
    expect(c2s(...opening, ...held)).toEqual({ ...whole("abXdef"), count: 1 });
    const [first, second] = [client(101, "abc"), client(104, "def")];
    expect(c2s(...opening, first, second, client(101, "aXcdef"))).toEqual({ ...whole("abcdef"), count: 1 });
    expect(run(...opening, client(101, "abc"), client(101, "aXc")).losses).toEqual([
      "connection 0 c2s: segments that repeat bytes with another content, first seen counts: 1",
    ]);
  });

  it("passes the wrap of sequence numbers", () => {
    const segments = [client(0xfffffffd, "", "S"), client(2, "ef"), client(0xfffffffe, "abcd")];
    expect(c2s(...segments, client(0xffffffff, "bc"), client(4, "g"))).toEqual(whole("abcdefg"));
  });

  it("takes payload that comes with the SYN", () => {
    expect(c2s(client(100, "abc", "S"), server(500, "", "SA"), client(104, "def"))).toEqual(whole("abcdef"));
  });

  it("begins with the first payload when the SYN was not captured", () => {
    expect(c2s(client(7000, "abc"), client(7003, "def"), client(6998, "??abcdefg"))).toEqual(whole("abcdefg"));
  });

  it("does not begin with an acknowledgement, which may be a probe one byte below", () => {
    expect(c2s(client(6999), client(7000, "abc"))).toEqual(whole("abc"));
  });

  it("ignores keep-alive probes, empty or with a byte of rubbish", () => {
    const probes = [client(103), client(103, "\0")];
    expect(c2s(...opening, client(100, "\0"), client(101, "abc"), ...probes, client(104, "def"))).toEqual(
      whole("abcdef"),
    );
  });

  it("ends before a gap that never closes and says how long it is", () => {
    const segments = [...opening, client(101, "abc"), client(110, "jkl"), client(116, "pq")];
    expect(c2s(...segments)).toEqual({ stream: "abc", gap: { offset: 3, length: 6 }, count: 0 });
    expect(run(...segments).losses).toEqual([
      "connection 0 c2s: 6 bytes are missing after the first 3; nothing behind is shown",
    ]);
  });

  it("notices by the FIN that the last segments were lost", () => {
    expect(c2s(...opening, client(101, "abc"), client(106, "", "FA")).gap).toEqual({ offset: 3, length: 2 });
    expect(c2s(...opening, client(101, "abc"), client(104, "", "FA")).gap).toBeNull();
  });

  it("holds a bounded number of bytes behind a gap", () => {
    const size = 60_000;
    const count = Math.ceil(MAXIMUM_HELD_BYTES / size);
    const block = new Uint8Array(size).fill(0x78);
    const far = Array.from({ length: count + 2 }, (_, index) => ({ sequence: 102 + index * size, payload: block }));
    const { streams, connections } = run(...opening, ...far, client(101, "a"));
    // The two beyond the bound are forgotten; what was held comes when the gap closes.
    expect(streams["0 c2s"]?.length).toBe(1 + count * size);
    expect(connections[0]?.c2s.gap).toEqual({ offset: 1 + count * size, length: 2 * size });
  });

  it("holds as much again when a gap has closed", () => {
    const size = 60_000;
    const half = Math.floor(MAXIMUM_HELD_BYTES / size / 2);
    const block = new Uint8Array(size).fill(0x78);
    let next = 101;
    const rounds: TcpOptions[] = [];
    for (let round = 0; round < 3; round++) {
      const first = next++;
      for (let index = 0; index < half; index++, next += size) rounds.push({ sequence: next, payload: block });
      rounds.push(client(first, "x"));
    }
    expect(run(...opening, ...rounds).connections[0]?.c2s).toMatchObject({ delivered: next - 101, gap: null });
  });

  it("holds a bounded number of segments behind a gap", () => {
    const far = Array.from({ length: MAXIMUM_HELD_SPANS + 10 }, (_, index) => client(103 + index * 2, "x"));
    const { connections } = run(...opening, ...far, client(101, "ab"));
    expect(connections[0]?.c2s).toMatchObject({ delivered: 3, gap: { offset: 3, length: 1 } });
  });
});

describe("connections", () => {
  it("are told apart by their ends", () => {
    const other = { clientPort: 50_001 };
    const segments = [...opening, ...opening.map((segment) => ({ ...segment, ...other }))];
    const { streams } = run(...segments, client(101, "one"), { ...client(101, "two"), ...other }, client(104, "!"));
    expect(streams).toEqual({ "0 c2s": "one!", "1 c2s": "two" });
  });

  it("give the pieces of both directions in order of arrival, held ones when their gap closes", () => {
    const { pieces } = run(
      ...opening,
      client(101, "c1"),
      server(501, "s1"),
      client(105, "c3"),
      server(503, "s2"),
      client(103, "c2"),
      server(505, "s3"),
    );
    expect(pieces.map(textOf)).toEqual(["c1", "s1", "s2", "c2", "c3", "s3"]);
    expect(pieces.map(({ direction }) => direction)).toEqual(["c2s", "s2c", "s2c", "c2s", "c2s", "s2c"]);
  });

  it("give each piece the time of its packet", () => {
    const frame = ipv4(tcp(client(101, "abc")));
    expect(read(pcap([{ frame, seconds: 3, fraction: 250_000 }])).pieces).toMatchObject([{ time: 3250 }]);
  });

  it("list a refused connection, too", () => {
    const { streams, connections } = run(client(100, "", "S"), server(0, "", "RA"));
    expect(streams).toEqual({});
    expect(connections).toMatchObject([{ id: 0, c2s: { delivered: 0, gap: null }, s2c: { delivered: 0, gap: null } }]);
  });

  it("do not begin with a bare acknowledgement, FIN or reset", () => {
    expect(run(client(7), server(8, "", "FA"), client(9, "why", "R")).connections).toEqual([]);
  });

  it("do not take the text of a reset for payload", () => {
    expect(run(...opening, server(501, "abc"), server(504, "no room", "R")).streams).toEqual({ "0 s2c": "abc" });
  });
});

describe("the client", () => {
  const ports = { clientPort: 1111, serverPort: 2222 };
  const clientPort = (...segments: TcpOptions[]) => run(...segments).connections[0]?.client.port;

  it("is who sends the SYN, whatever the ports", () => {
    expect(clientPort(server(1, "", "S"), client(1, "abc"))).toBe(1935);
    expect(clientPort(server(1, "", "SA"))).toBe(50_000);
  });

  it("is, without SYN, the one whose peer has port 1935", () => {
    expect(clientPort(server(1, "abc"))).toBe(50_000);
    expect(clientPort(client(1, "abc"))).toBe(50_000);
  });

  it("is otherwise the one who speaks first", () => {
    expect(clientPort({ ...server(1, "abc"), ...ports })).toBe(2222);
    expect(clientPort({ ...client(1, "abc"), ...ports })).toBe(1111);
    expect(clientPort({ ...client(1), ...ports }, { ...server(1, "abc"), ...ports })).toBe(2222);
    const [same] = run({ ...server(1, "abc"), clientPort: 1935 }).connections;
    expect(same?.client.address).toBe("192.0.2.2");
  });
});

describe("the same ends again", () => {
  const closing = [client(104, "", "FA"), server(501, "", "FA"), client(105)];
  const one = [...opening, client(101, "one")];
  const two = [client(9000, "", "S"), server(9500, "", "SA"), client(9001, "two"), server(9501, "TWO")];
  const both = { "0 c2s": "one", "1 c2s": "two", "1 s2c": "TWO" };

  it("are another connection after FIN", () => {
    expect(run(...one, ...closing, ...two).streams).toEqual(both);
  });

  it("are another connection after a reset", () => {
    expect(run(...one, server(501, "", "R"), ...two).streams).toEqual(both);
  });

  it("are another connection with another SYN, even if the first was not seen to end", () => {
    expect(run(...one, ...two).streams).toEqual(both);
    expect(run(client(101, "one"), ...two).streams).toEqual(both);
  });

  it("are another connection with the same sequence numbers, as rewritten captures have", () => {
    expect(run(...one, ...closing, ...opening, client(101, "two")).streams).toEqual({ "0 c2s": "one", "1 c2s": "two" });
  });

  it("are another connection when its SYN was lost", () => {
    const [, ...withoutSyn] = two;
    expect(run(...one, ...closing, ...withoutSyn).streams).toEqual(both);
    expect(run(...one, server(501, "", "R"), client(0x7000_0000, "two")).streams).toEqual({
      "0 c2s": "one",
      "1 c2s": "two",
    });
    expect(run(...one, client(104, "", "FA"), client(105, "two")).streams).toEqual({ "0 c2s": "one", "1 c2s": "two" });
  });

  it("are another connection when only its SYN-ACK was captured", () => {
    const refused = [client(100, "", "S"), server(0, "", "RA")];
    const { streams } = run(...refused, server(9500, "", "SA"), client(9001, "two"));
    expect(streams).toEqual({ "1 c2s": "two" });
  });

  it("may have the roles changed", () => {
    const back = [server(9000, "", "S"), client(9500, "", "SA"), server(9001, "back")];
    const { streams, connections } = run(...one, ...closing, ...back);
    expect(streams).toEqual({ "0 c2s": "one", "1 c2s": "back" });
    expect(connections[1]?.client.port).toBe(1935);
    // Also where nothing of the other direction was seen before.
    expect(run(client(101, "one"), ...back).streams).toEqual({ "0 c2s": "one", "1 c2s": "back" });
  });

  it("are the same connection when the SYN is sent again, also after a refusal", () => {
    expect(run(client(100, "", "S"), ...one).connections).toHaveLength(1);
    expect(run(client(100, "", "S"), server(0, "", "RA"), ...one).connections).toHaveLength(1);
  });

  it("are the same connection when the SYN comes behind the payload", () => {
    expect(run(client(101, "one"), client(100, "", "S"), server(500, "", "SA"), server(501, "1")).streams).toEqual({
      "0 c2s": "one",
      "0 s2c": "1",
    });
  });

  it("are the same connection for what was under way when it ended", () => {
    const late = [server(501, "abc"), client(104, "", "R"), server(504, "def")];
    expect(run(...one, ...late).streams).toEqual({ "0 c2s": "one", "0 s2c": "abcdef" });
    const last = client(104, "!", "FA");
    expect(run(...one, last, last, server(501, "", "FA"), last).streams).toEqual({ "0 c2s": "one!" });
    expect(run(...opening, client(102, "ne"), ...closing, client(101, "o")).streams).toEqual({ "0 c2s": "one" });
  });
});

describe("any stream", () => {
  const sequence = fc.oneof(fc.nat(0xffffffff), fc.integer({ min: 0xffffff00, max: 0xffffffff }));

  it("comes back from any segmentation, duplication, overlap and reordering", () => {
    const scenario = fc.record({
      stream: fc.uint8Array({ minLength: 1, maxLength: 200 }),
      first: sequence,
      cuts: fc.array(fc.nat(200), { maxLength: 30 }),
      extra: fc.array(fc.tuple(fc.nat(200), fc.nat(50)), { maxLength: 20 }),
      // How far each segment is moved; those that are missing stay.
      delays: fc.array(fc.nat(20), { maxLength: 50 }),
    });
    fc.assert(
      fc.property(scenario, ({ stream, first, cuts, extra, delays }) => {
        const bounds = [...new Set([0, ...cuts.filter((cut) => cut < stream.length), stream.length])].sort(
          (a, b) => a - b,
        );
        const ranges = bounds.slice(1).map((end, index): [number, number] => [bounds[index] ?? 0, end]);
        for (const [start, length] of extra) ranges.splice(start % ranges.length, 0, [start, start + length]);
        const order = ranges
          .map((range, index) => ({ range, place: index + (delays[index] ?? 0) }))
          .sort((a, b) => a.place - b.place);
        const segments = order.map(({ range: [start, end] }) => ({
          sequence: (first + 1 + start) >>> 0,
          payload: stream.subarray(start, end),
        }));
        const { pieces, report } = read(pcapOf({ sequence: first, flags: "S" }, ...segments));
        expect(concat(...pieces.map(({ bytes, start, end }) => bytes.subarray(start, end)))).toEqual(stream);
        expect(report.connections).toMatchObject([{ c2s: { gap: null, contradictions: 0, delivered: stream.length } }]);
      }),
      { numRuns: 300 },
    );
  });

  it("is, byte by byte, what was first seen, up to the first byte that never came", () => {
    const segments = fc.array(fc.tuple(fc.nat(30), fc.string({ minLength: 1, maxLength: 10, unit: "binary-ascii" })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(sequence, segments, (first, list) => {
        const seen: (string | undefined)[] = [];
        for (const [offset, payload] of list) {
          for (const [index, character] of [...payload].entries()) seen[offset + index] ??= character;
        }
        const missing = Array.from(seen).indexOf(undefined);
        const end = missing === -1 ? seen.length : missing;
        const next = seen.findIndex((character, index) => index > end && character !== undefined);
        const sent = list.map(([offset, payload]) => client((first + 1 + offset) >>> 0, payload));
        const { streams, connections } = run(client(first, "", "S"), ...sent);
        expect(streams["0 c2s"] ?? "").toBe(seen.slice(0, end).join(""));
        expect(connections[0]?.c2s.gap).toEqual(missing === -1 ? null : { offset: end, length: next - end });
      }),
      { numRuns: 300 },
    );
  });
});
