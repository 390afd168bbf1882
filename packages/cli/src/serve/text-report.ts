import { errorName } from "@millrace/core/errors";
import type { ServerEvent, TrackInfo, WorkersEvent } from "@millrace/node-adapter";
import { clockText } from "../clock-text.ts";
import { paintFor } from "../paint.ts";
import { printable } from "../printable.ts";
import { LoadMeter, type LoadSource } from "./load.ts";
import type { Place, Report } from "./report.ts";

const STATUS_INTERVAL = 1_000;
const CLEAR_LINE = "\r\u001b[2K";

/** Tells people: a line for each publisher and player that comes or goes, and on a terminal what goes on now. */
export class TextReport implements Report {
  private readonly isTerminal = process.stdout.isTTY === true;
  private readonly paint = paintFor(process.stdout);
  private status = "";

  listening(source: LoadSource, { scheme, host, port }: Place): void {
    const name = host === null ? "localhost" : host.includes(":") ? `[${host}]` : host;
    const isUsual = port === (scheme === "rtmp" ? 1935 : 443);
    const app = `${scheme}://${name}${isUsual ? "" : `:${port}`}/live`;
    process.stdout.write(`Millrace listens on ${host ?? "all addresses"}, port ${port}.

  Publish   OBS:  server ${app}  stream key test
            ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440 \\
              -c:v libx264 -preset veryfast -tune zerolatency -g 60 -pix_fmt yuv420p -c:a aac \\
              -f flv ${app}/test
  Play      ffplay ${app}/test

`);
    if (!this.isTerminal) return;
    const meter = new LoadMeter(source);
    setInterval(() => {
      const { streams, players, bitsPerSecond } = meter.read();
      this.status = `${count(streams, "stream")}, ${count(players, "player")}, ${(bitsPerSecond / 1e6).toFixed(2)} Mbit/s in`;
      process.stdout.write(CLEAR_LINE + this.paint("dim", this.status));
    }, STATUS_INTERVAL).unref();
  }

  readonly event = (event: ServerEvent | WorkersEvent): void => {
    // That the first workers start is no news.
    if (event.type === "worker-started" && event.replaces === null) return;
    const { color, mark } = marks[event.type];
    const from = "peer" in event ? `  from ${event.peer.address}` : "";
    this.line(`${this.paint(color, mark.padEnd(11))}  ${printable(describe(event))}${from}`);
  };

  closing(): void {
    this.line("Stopping.");
  }

  private line(text: string): void {
    const time = new Date().toTimeString().slice(0, 8);
    if (!this.isTerminal) process.stdout.write(`${time}  ${text}\n`);
    else process.stdout.write(`${CLEAR_LINE}${time}  ${text}\n${this.paint("dim", this.status)}`);
  }
}

const marks = {
  publish: { color: "green", mark: "+ publisher" },
  unpublish: { color: "yellow", mark: "- publisher" },
  play: { color: "green", mark: "+ player" },
  stop: { color: "yellow", mark: "- player" },
  record: { color: "green", mark: "+ recording" },
  "record-end": { color: "yellow", mark: "- recording" },
  "record-failed": { color: "red", mark: "! recording" },
  "record-recovered": { color: "yellow", mark: "* recovered" },
  refused: { color: "red", mark: "! refused" },
  failed: { color: "red", mark: "! closed" },
  push: { color: "green", mark: "+ push" },
  "push-end": { color: "yellow", mark: "- push" },
  "push-lost": { color: "red", mark: "! push" },
  pull: { color: "green", mark: "+ pull" },
  "pull-end": { color: "yellow", mark: "- pull" },
  "pull-lost": { color: "red", mark: "! pull" },
  tracks: { color: "green", mark: "  tracks" },
  "storage-failed": { color: "red", mark: "! storage" },
  "turned-away": { color: "red", mark: "! gate" },
  "hook-failed": { color: "red", mark: "! hook" },
  "worker-died": { color: "red", mark: "! worker" },
  "worker-started": { color: "green", mark: "+ worker" },
} as const;

function describe(event: ServerEvent | WorkersEvent): string {
  switch (event.type) {
    case "refused":
      return `${event.what}: ${event.reason}`;
    case "failed":
      return `${errorName(event.code)}: ${event.message}`;
    case "storage-failed":
    case "hook-failed":
      return String(event.error);
    case "tracks":
      return `${event.path}  ${event.tracks.map(trackText).join(", ")}`;
    case "turned-away":
      return `${count(event.count, "connection")} not taken: ${event.reason}  from ${event.address || "unix"}`;
    case "record-end":
      return `${event.path}: ${clockText(event.milliseconds)}, ${(event.bytes / 1e6).toFixed(1)} MB`;
    case "record-failed":
      return `${event.path}: ${event.reason}`;
    case "push":
    case "push-end":
      return `${event.path} to ${event.place}`;
    case "pull":
    case "pull-end":
      return `${event.path} from ${event.place}`;
    case "push-lost":
      return `${event.path} to ${event.place}: ${lossOf(event)}`;
    case "pull-lost":
      return `${event.path} from ${event.place}: ${lossOf(event)}`;
    case "worker-died":
      return `${event.worker} died with its connections: ${event.reason}`;
    case "worker-started":
      return `${event.worker} serves in place of ${event.replaces}`;
    default:
      return event.path;
  }
}

function trackText(track: TrackInfo): string {
  const id = track.trackId === 0 ? "" : `track ${track.trackId}: `;
  if (track.type === "audio") return `${id}${track.codec} ${track.sampleRate} Hz, ${count(track.channels, "channel")}`;
  const { codec, width, height, frameRate } = track;
  const size = width === null || height === null ? "" : ` ${width}x${height}`;
  return `${id}${codec}${size}${frameRate === null ? "" : ` ${Number(frameRate.toFixed(2))} fps`}`;
}

function lossOf({ reason, retryIn }: { readonly reason: string; readonly retryIn: number }): string {
  return `${reason.replace(/\.$/, "")}; trying again${retryIn === 0 ? "" : ` in ${retryIn / 1000} s`}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
