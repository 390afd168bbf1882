import { AmfEcmaArray, AmfObject, type AmfValue } from "@millrace/core/amf";

/** A value as JavaScript without a library holds it: what the packages take and answer. */
export type PlainValue = number | string | boolean | null | undefined | PlainObject;
export interface PlainObject {
  [name: string]: PlainValue;
}

/** The values of one message. */
export interface AmfMessage {
  readonly name: string;
  readonly values: readonly PlainValue[];
  /** Objects in it are written as ECMA arrays. */
  readonly isEcmaArray: boolean;
}

export const connect: AmfMessage = {
  name: "connect",
  isEcmaArray: false,
  values: [
    "connect",
    1,
    {
      app: "live",
      type: "nonprivate",
      flashVer: "FMLE/3.0 (compatible; FMSc/1.0)",
      swfUrl: "rtmp://ingest.example.net/live",
      tcUrl: "rtmp://ingest.example.net/live",
      fpad: false,
      capabilities: 15,
      audioCodecs: 4071,
      videoCodecs: 252,
      videoFunction: 1,
    },
  ],
};

export const onMetaData: AmfMessage = {
  name: "onMetaData",
  isEcmaArray: true,
  values: [
    "@setDataFrame",
    "onMetaData",
    {
      duration: 0,
      fileSize: 0,
      width: 1920,
      height: 1080,
      videocodecid: 7,
      videodatarate: 6000,
      framerate: 59.94,
      audiocodecid: 10,
      audiodatarate: 160,
      audiosamplerate: 48_000,
      audiosamplesize: 16,
      audiochannels: 2,
      stereo: true,
      "2.1": false,
      "3.1": false,
      "4.0": false,
      "4.1": false,
      "5.1": false,
      "7.1": false,
      encoder: "obs-output module (libobs version 30.2.3)",
    },
  ],
};

export const onStatus: AmfMessage = {
  name: "onStatus",
  isEcmaArray: false,
  values: [
    "onStatus",
    0,
    null,
    { level: "status", code: "NetStream.Publish.Start", description: "Publishing live/camera-7." },
  ],
};

/** The same values in the classes of the core. */
export function toAmf({ values, isEcmaArray }: AmfMessage): AmfValue[] {
  return values.map((value) => {
    if (typeof value !== "object" || value === null) return value;
    const properties = value as { [name: string]: AmfValue }; // the messages here nest no objects
    return isEcmaArray ? AmfEcmaArray.of(properties) : AmfObject.of(properties);
  });
}

/** Text that is equal when the values are, whatever stands for an object. */
export function canonical(values: readonly unknown[]): string {
  return JSON.stringify(values, (name, value: unknown) => {
    if (name.startsWith("__")) return undefined; // amfjs keeps the name of a class so
    if (value instanceof AmfObject || value instanceof AmfEcmaArray) return Object.fromEntries(value.properties);
    if (value instanceof Map) return Object.fromEntries(value);
    return value === undefined ? null : value;
  });
}
