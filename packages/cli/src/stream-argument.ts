import { type StreamUrl, splitStreamUrl } from "@millrace/core";
import { InvalidArgumentError } from "commander";

/** A URL that names an app and a stream in it. */
export function streamArgument(text: string): StreamUrl {
  let stream: StreamUrl;
  try {
    stream = splitStreamUrl(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  if (stream.name === "") throw new InvalidArgumentError("It names no stream: rtmp://host/app/name does.");
  return stream;
}

/** The URL of the app for people to read: without its user and password. */
export function appText({ url }: StreamUrl): string {
  return url.replace(/^(\w+:\/\/)[^/]*@/, "$1");
}
