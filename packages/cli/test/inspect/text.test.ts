import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { concat } from "../capture/builder.ts";
import { command, message } from "./bytes.ts";
import { captures, inspect, inspectBytes } from "./run.ts";

const golden = (name: string) => `../../../../fixtures/inspect/${name}.txt`;

describe("for people", () => {
  it.each([
    ["loopback-publish-and-play.pcap", {}],
    ["ffmpeg9-publish-hevc-opus.c2s.bin", {}],
    ["rtmpdump-play-h264-aac.c2s.bin", { chunks: true, hash: true }],
  ])("%s", async (name, options) => {
    const { stdout, stderr, exitCode } = await inspect(join(captures, name), options);
    await expect(`${stdout}\n${stderr}`).toMatchFileSnapshot(golden(name));
    expect(exitCode).toBe(0);
  });

  it("says what each kind of message means, also of those that are wrong", async () => {
    const bytes = concat(
      command("connect", 1, null),
      message(2, 1, 0, 0, "00001000"),
      message(2, 2, 0, 0, "00000009"),
      message(2, 3, 0, 0, "00989680"),
      message(2, 3, 0, 0, "0098"),
      message(2, 4, 0, 0, "0000 00000001"),
      message(2, 4, 0, 0, "0003 00000001 00000bb8"),
      message(2, 4, 0, 0, "0006 0000ffff"),
      message(2, 4, 0, 0, "0006"),
      message(2, 4, 0, 0, "001a"),
      message(2, 4, 0, 0, "0063 0102030405060708090a0b0c0d0e0f1011"),
      message(2, 5, 0, 0, "004c4b40"),
      message(2, 6, 0, 0, "004c4b40 01"),
      message(2, 6, 0, 0, "004c4b40 07"),
      message(4, 15, 1, 0, "00 02000a 6f6e54657874446174 61"),
      message(4, 18, 1, 0, "01020304"),
      message(4, 18, 1, 0, "02000a 6f6e4d65746144617461 0e"),
      message(3, 20, 0, 0, "020007 636f6e6e656374"),
      message(3, 20, 0, 0, "020007 636f6e6e656374 020001 31"),
      message(3, 20, 0, 0, "020001 07 00 3ff0000000000000 05 020004 1b5b326a"),
      message(4, 99, 1, 0, "00112233445566778899aabbccddeeff00"),
      message(4, 9, 1, 0, ""),
    );
    const { stdout } = await inspectBytes(bytes);
    await expect(stdout).toMatchFileSnapshot(golden("every-message"));
  });
});
