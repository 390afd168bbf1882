import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderStorage } from "../../src/index.ts";
import { LIST_PACKETS, type Packet, packetsOfFile, parsePackets } from "./packets.ts";
import { ffmpeg, ffmpegPublisher, isWithout, rtmpdump } from "./peers.ts";
import { AAC, H264, makeSource } from "./sources.ts";
import { Stage } from "./stage.ts";

const FFMPEG = [...ffmpeg.command, ..."-hide_banner -loglevel error -nostdin -copyts".split(" ")];
/** Larger than the stream: it comes at once. */
const AT_ONCE = ["-rtmp_buffer", "3600000"];

describe.runIf(!isWithout(ffmpeg))("a recording of what ffmpeg publishes", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-recordings-"));
  let stage: Stage;
  let sent: Packet[];
  let file: string;

  beforeAll(async () => {
    stage = await Stage.open({ recordings: folderStorage(folder), recordAll: true });
    const source = await makeSource(stage, ffmpeg, [...H264, ...AAC]);
    sent = await (await stage.publish(ffmpegPublisher(ffmpeg), "show", source)).packets();
    await stage.until("it is recorded", () => stage.events.some(({ type }) => type === "record-end"));
    file = join(folder, "live", "show.flv");
  });
  afterAll(async () => {
    await stage.close();
    rmSync(folder, { recursive: true });
  });

  /** What was sent from a time on, as the file has it: it is in the order of its times. */
  const sentFrom = (dts: number, end = Number.POSITIVE_INFINITY): Packet[] =>
    sent.filter((packet) => packet.dts >= dts && packet.dts < end);

  it("is what was sent, packet for packet, with all times", async () => {
    expect(await packetsOfFile(ffmpeg.command, file)).toEqual(sent);
  });

  it("is a file of which ffmpeg knows the length, and in which it finds its way", async () => {
    const command = [...FFMPEG, "-loglevel", "warning", "-ss", "3.5", "-i", file, ...LIST_PACKETS];
    const ending = await stage.run(command).ended;
    expect(ending.stderr).toBe("");
    expect(parsePackets(ending.stdout).find(({ stream }) => stream === "video 0")?.dts).toBe(3000);
    const probe = stage.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file]);
    expect(Number(await probe.output())).toBeCloseTo((sent.at(-1)?.dts ?? 0) / 1000, 1);
  });

  it("is played by ffmpeg whole", async () => {
    const output = await stage.run([...FFMPEG, ...AT_ONCE, "-i", stage.url("show"), ...LIST_PACKETS]).output();
    expect(parsePackets(output)).toEqual(sent);
  });

  it("is played by ffmpeg from an offset, at the keyframe before it", async () => {
    const command = [...FFMPEG, "-ss", "3.3", "-i", stage.url("show"), ...LIST_PACKETS];
    expect(parsePackets(await stage.run(command).output())).toEqual(sentFrom(3000));
  });

  it("is decoded by ffmpeg from an offset without a complaint", async () => {
    const command = [...FFMPEG, "-ss", "2.2", "-i", stage.url("show"), ..."-f null -".split(" ")];
    const ending = await stage.run(command).ended;
    expect([ending.code, ending.stderr]).toEqual([0, ""]);
  });

  it("is played in real time, but for the buffer", async () => {
    const start = performance.now();
    await stage.run([...FFMPEG, "-i", stage.url("show"), ...LIST_PACKETS]).output();
    // 5 s, of which 3 come at once.
    expect(performance.now() - start).toBeGreaterThan(1500);
  });

  it("takes the place of an earlier one when the next one is finished", async () => {
    const before = statSync(file).ino;
    const source = await makeSource(stage, ffmpeg, [...H264, ...AAC]);
    const publication = await stage.publish(ffmpegPublisher(ffmpeg), "show", source);
    await publication.hasSent(0.3);
    expect(statSync(file).ino).toBe(before);
    await publication.packets();
    await stage.until("it is recorded", () => stage.events.filter(({ type }) => type === "record-end").length === 2);
    expect(statSync(file).ino).not.toBe(before);
  });

  describe.runIf(!isWithout(rtmpdump))("is played by rtmpdump", () => {
    it("whole", async () => {
      const output = await stage.run([...rtmpdump.command, "--quiet", "--rtmp", stage.url("show")]).output();
      const dump = stage.save(output);
      expect(await packetsOfFile(ffmpeg.command, dump)).toEqual(sent);
    });

    it("from a start to a stop", async () => {
      const limits = ["--start", "2", "--stop", "4"];
      const ending = await stage.run([...rtmpdump.command, "--quiet", ...limits, "--rtmp", stage.url("show")]).ended;
      // It takes a part for an incomplete download: 2.
      expect(ending.code).toBe(2);
      const packets = await packetsOfFile(ffmpeg.command, stage.save(ending.stdout));
      // rtmpdump adds the start to all times; ffmpeg takes onMetaData at any time but 0 for a subtitle.
      expect(packets.filter(({ stream }) => !stream.startsWith("subtitle"))).toEqual(sentFrom(2000, 4000));
    });
  });
});
