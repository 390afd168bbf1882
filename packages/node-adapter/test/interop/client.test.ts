import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageType } from "@millrace/core";
import { ClientError, connect, type Message, type Publisher } from "@millrace/node-adapter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCertificate } from "../certificate.ts";
import { line } from "../client/stand.ts";
import { flvOf, tagsOfFlv } from "./flv.ts";
import { expectAll, packetsOfFile, parsePackets } from "./packets.ts";
import { ffmpeg, ffmpegPlayer, ffmpegPublisher, isWithout, nginx } from "./peers.ts";
import { connectSoon, freePort, startNginx } from "./servers.ts";
import { AAC, H264, makeSource } from "./sources.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
let folder: string;
let file: string;
let tags: Message[];
beforeAll(async () => {
  if (isWithout(ffmpeg)) return;
  folder = mkdtempSync(join(tmpdir(), "millrace-client-"));
  stage = await Stage.open({ tls: makeCertificate(folder, "interop") });
  file = await makeSource(stage, ffmpeg, [...H264, ...AAC]);
  tags = tagsOfFlv(readFileSync(file));
});
afterAll(async () => {
  await stage?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

async function send(publication: Publisher): Promise<void> {
  for (const tag of tags) await publication.send(tag);
}

/** What is of one kind: servers make what they want of metadata, and may send the headers of the other kind first. */
function only(messageType: number, messages: readonly Message[]): string[] {
  return messages.filter((message) => message.messageType === messageType).map(line);
}

/** All that comes, and how it ended: null where the server said that the stream ends. */
async function record(messages: AsyncIterable<Message>): Promise<{ received: Message[]; error: unknown }> {
  const received: Message[] = [];
  try {
    for await (const message of messages) received.push(message);
    return { received, error: null };
  } catch (error) {
    return { received, error };
  }
}

describe("our client at nginx", () => {
  if (isWithout(ffmpeg, nginx)) return it.skip("is not tried: a program is missing");

  it("publishes and plays tag for tag", async () => {
    const url = await startNginx(stage, folder);
    const codes: string[] = [];
    const publisher = await connect(url);
    const player = await connect(url, { onStatus: ({ code }) => codes.push(code) });
    const publication = await publisher.publish("show");
    const playing = record(player.play("show"));
    await stage.until("nginx lets us play", () => codes.includes("NetStream.Play.Start"));
    await send(publication);
    await publication.end();
    const { received, error } = await playing;
    expect(only(MessageType.Audio, received)).toEqual(only(MessageType.Audio, tags));
    expect(only(MessageType.Video, received)).toEqual(only(MessageType.Video, tags));
    expect(error).toBe(null);
    await Promise.all([publisher.close(), player.close()]);
  });
});

describe("our client at ffmpeg", () => {
  if (isWithout(ffmpeg)) return it.skip("is not tried: a program is missing");

  it("publishes what ffmpeg then has", async () => {
    const url = `rtmp://127.0.0.1:${await freePort()}/live`;
    const { command } = ffmpegPlayer(ffmpeg);
    const [program = "", ...args] = command(`${url}/show`);
    const server = stage.run([program, "-listen", "1", ...args]);
    const client = await connectSoon(url);
    const publication = await client.publish("show");
    await send(publication);
    await publication.end();
    // only then does ffmpeg end
    await client.close();
    const received = parsePackets(await server.output());
    expectAll(received, await packetsOfFile(ffmpeg.command, file));
  });

  it("plays what ffmpeg serves", async () => {
    const url = `rtmp://127.0.0.1:${await freePort()}/live`;
    const command = ffmpegPublisher(ffmpeg, "-listen", "1").command(`${url}/show`, file);
    const server = stage.run(command, file);
    const client = await connectSoon(url);
    const { received, error } = await record(client.play("show"));
    await server.output();
    // FFmpeg says nothing at the end
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ kind: "lost" });
    await client.close();
    const packets = await packetsOfFile(ffmpeg.command, stage.save(flvOf(received)));
    expectAll(packets, await packetsOfFile(ffmpeg.command, file));
  });
});

describe("ffmpeg with TLS", () => {
  if (isWithout(ffmpeg)) return it.skip("is not tried: a program is missing");

  it("publishes and plays at our server, and our client does with it", async () => {
    const client = await connect(stage.url("x").replace("/x", ""), { tls: { rejectUnauthorized: false } });
    const playing = record(client.play("show"));
    await stage.until("our client plays", () => stage.count("play", "show") === 1);
    const [recording] = await stage.play([ffmpegPlayer(ffmpeg)], "show");
    const publication = await stage.publish(ffmpegPublisher(ffmpeg), "show", file);
    const sent = await publication.packets();
    expectAll((await recording?.packets()) ?? [], sent);
    const { received, error } = await playing;
    expect(error).toBe(null);
    expectAll(await packetsOfFile(ffmpeg.command, stage.save(flvOf(received))), sent);
    await client.close();
  });
});
