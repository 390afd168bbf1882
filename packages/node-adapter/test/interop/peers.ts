/** The programs that the server is tried with: how each is found, how it publishes and how it plays. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { LIST_PACKETS } from "./packets.ts";

/** Set to 1 where all peers are known to be installed: then one that is missing fails. */
const areRequired = process.env["MILLRACE_REQUIRE_PEERS"] === "1";

/** A program, or several that come together. */
export interface Peer {
  readonly name: string;
  /** What its command line begins with. */
  readonly command: readonly string[];
  /** Whether it can be run here. */
  readonly isHere: boolean;
}

export interface Publisher {
  readonly name: string;
  readonly peer: Peer;
  /** What its standard output is: what it sent, as an FLV file; or nothing, as it sends the file's times as they are. */
  readonly writes: "flv" | "nothing";
  /** Publishes an FLV file, which also is its standard input, in real time, its packets as they are. */
  command(url: string, file: string): string[];
}

export interface Player {
  readonly name: string;
  readonly peer: Peer;
  /** What its standard output is: an FLV file, or what ffmpeg lists of the packets. */
  readonly writes: "flv" | "packets";
  /** How many packets may be lost at the end, by a fault of the player. */
  readonly mayLack: number;
  command(url: string): string[];
}

const ELEMENTS = ["rtmp2sink", "rtmp2src", "rtmpsink", "flvmux", "flvdemux"];

export const ffmpeg: Peer = find("ffmpeg", ["ffmpeg"], ["-version"]);
/** One that speaks Enhanced RTMP with several tracks. It may see no file of ours: it lives in a folder of its own. */
export const ffmpeg9: Peer = find("ffmpeg 9", ffmpeg9Command(), ["-version"]);
export const rtmpdump: Peer = find("rtmpdump", ["rtmpdump"], ["--help"]);
export const gstreamer: Peer = find("GStreamer", ["gst-launch-1.0"], ["--version"], () =>
  ELEMENTS.every((element) => runs(["gst-inspect-1.0", "--exists", element])),
);
/** Where Debian puts nginx's RTMP module. */
export const NGINX_MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
export const nginx: Peer = find("nginx", ["nginx"], ["-v"], () => existsSync(NGINX_MODULE));
export const peers: readonly Peer[] = [ffmpeg, ffmpeg9, rtmpdump, gstreamer, nginx];

/** Whether a test that needs these is to be skipped. */
export function isWithout(...needed: Peer[]): boolean {
  return !areRequired && needed.some(({ isHere }) => !isHere);
}

/** What is missing, as one line; null when all is there. */
export function missingPeers(): string | null {
  const missing = peers.filter(({ isHere }) => !isHere).map(({ name }) => name);
  return missing.length === 0 ? null : missing.join(", ");
}

export const publishers: readonly Publisher[] = [
  ffmpegPublisher(ffmpeg),
  ffmpegPublisher(ffmpeg9),
  gstreamerPublisher("rtmp2sink"),
  gstreamerPublisher("rtmpsink"),
];

export const players: readonly Player[] = [
  ffmpegPlayer(ffmpeg),
  ffmpegPlayer(ffmpeg9),
  {
    name: "rtmpdump",
    peer: rtmpdump,
    writes: "flv",
    mayLack: 0,
    command: (url) => [...rtmpdump.command, ..."--quiet --live --rtmp".split(" "), url],
  },
  {
    name: "GStreamer rtmp2src",
    peer: gstreamer,
    writes: "flv",
    // On Stream EOF rtmp2src 1.22 throws away the message that its other thread has not fetched yet.
    mayLack: 1,
    command: (url) => [...gstreamer.command, "-q", "rtmp2src", `location=${url}`, "!", "fdsink"],
  },
];

/** @param options - more options for the output */
export function ffmpegPublisher(peer: Peer, ...options: string[]): Publisher {
  return {
    name: peer.name,
    peer,
    writes: "nothing",
    command: (url) => [
      ...peer.command,
      ..."-hide_banner -loglevel error -re -copyts -f flv -i pipe:0 -map 0 -c copy".split(" "),
      ...options,
      ...["-f", "flv", url],
    ],
  };
}

export function ffmpegPlayer(peer: Peer): Player {
  return {
    name: peer.name,
    peer,
    writes: "packets",
    mayLack: 0,
    command: (url) => [
      ...peer.command,
      ..."-hide_banner -loglevel error -nostdin -copyts -i".split(" "),
      ...[url, ...LIST_PACKETS],
    ],
  };
}

/** It writes what flvmux made of the file: that gives the first packets other times. */
function gstreamerPublisher(sink: string): Publisher {
  const pipeline = (url: string, file: string): string =>
    [
      `filesrc location=${file} ! flvdemux name=from`,
      "from.video ! queue ! to.video from.audio ! queue ! to.audio",
      `flvmux name=to streamable=true ! tee name=tee ! queue ! ${sink} sync=true location=${url}`,
      "tee. ! queue ! fdsink",
    ].join(" ");
  return {
    name: `GStreamer ${sink}`,
    peer: gstreamer,
    writes: "flv",
    command: (url, file) => [...gstreamer.command, "-q", ...pipeline(url, file).split(" ")],
  };
}

function ffmpeg9Command(): string[] {
  const { MILLRACE_FFMPEG9 } = process.env;
  if (MILLRACE_FFMPEG9 !== undefined) return MILLRACE_FFMPEG9.split(" ");
  // a Debian root made by debootstrap; only root may change into it
  return existsSync("/opt/ffmpeg9") && process.getuid?.() === 0 ? ["chroot", "/opt/ffmpeg9", "ffmpeg"] : [];
}

function find(name: string, command: string[], probe: string[], isWhole: () => boolean = () => true): Peer {
  return { name, command, isHere: runs([...command, ...probe]) && isWhole() };
}

function runs([program, ...args]: string[]): boolean {
  return program !== undefined && spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
