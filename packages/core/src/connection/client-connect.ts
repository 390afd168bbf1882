import { AmfObject, type AmfValue } from "../amf/index.ts";

/**
 * What a client says of itself in `connect` (RTMP 7.2.1.1; E-RTMP v2, "Enhancing NetConnection connect Command"). Where
 * there is a default, null leaves the property out: servers are known that refuse what they do not know.
 */
export interface ConnectOptions {
  /** The application's name: the path of the URL without the stream's name. */
  readonly app: string;
  /** The URL of the application, without user, password and fragment. */
  readonly tcUrl: string;
  /** Is appended to both behind a `?`, such as what {@link Refusal.query} asks for. */
  readonly query?: string;
  /** Default "LNX 9,0,124,2", as FFmpeg; encoders say "FMLE/3.0". */
  readonly flashVer?: string | null;
  readonly swfUrl?: string;
  readonly pageUrl?: string;
  /** Whether a proxy is used. Default false. */
  readonly fpad?: boolean | null;
  /** Default 15, as FFmpeg. */
  readonly capabilities?: number | null;
  /** A bit for each codec that can be played. Default 0x0fff, all: Adobe's server sends no media of others. */
  readonly audioCodecs?: number | null;
  /** The same for video. Default 0x00ff, all. */
  readonly videoCodecs?: number | null;
  /** 1 seeks exactly; E-RTMP adds 2 HDR, 4 metadata packets, 8 large-scale tiles. Default 1. */
  readonly videoFunction?: number | null;
  /**
   * In which encoding objects are to be: 3 is AMF3, if the server agrees; 0 is AMF0, and what is meant where nothing is said.
   */
  readonly objectEncoding?: 0 | 3;
  /** "nonprivate" from FMLE, OBS and FFmpeg when they publish. */
  readonly type?: string;
  /** Codecs that can be received, as FourCC; `*` is any. */
  readonly fourCcList?: readonly string[];
  /** By FourCC: 1 decode, 2 encode, 4 forward; `*` holds for all. */
  readonly videoFourCcInfoMap?: Readonly<Record<string, number>>;
  readonly audioFourCcInfoMap?: Readonly<Record<string, number>>;
  /** 1 reconnect requests, 2 multitrack, 4 ModEx, 8 nanosecond offsets. */
  readonly capsEx?: number;
  /** Further properties that an application asks for. */
  readonly more?: Readonly<Record<string, AmfValue>>;
  /** Further arguments behind the object, such as a user's name and password. */
  readonly arguments?: readonly AmfValue[];
}

/** The command object of `connect`, in the order in which FFmpeg has its properties. */
export function connectObject(options: ConnectOptions): AmfObject {
  const { fourCcList, videoFourCcInfoMap, audioFourCcInfoMap } = options;
  const object = new AmfObject();
  const put = (name: string, value: AmfValue): void => {
    if (value !== undefined && value !== null) object.properties.set(name, value);
  };
  put("app", withQuery(options.app, options.query));
  put("fourCcList", fourCcList && [...fourCcList]);
  put("type", options.type);
  put("flashVer", unlessGiven(options.flashVer, "LNX 9,0,124,2"));
  put("swfUrl", options.swfUrl);
  put("tcUrl", withQuery(options.tcUrl, options.query));
  put("fpad", unlessGiven(options.fpad, false));
  put("capabilities", unlessGiven(options.capabilities, 15));
  put("audioCodecs", unlessGiven(options.audioCodecs, 0x0fff));
  put("videoCodecs", unlessGiven(options.videoCodecs, 0x00ff));
  put("videoFunction", unlessGiven(options.videoFunction, 1));
  put("pageUrl", options.pageUrl);
  put("objectEncoding", options.objectEncoding);
  put("videoFourCcInfoMap", videoFourCcInfoMap && AmfObject.of(videoFourCcInfoMap));
  put("audioFourCcInfoMap", audioFourCcInfoMap && AmfObject.of(audioFourCcInfoMap));
  put("capsEx", options.capsEx);
  for (const [name, value] of Object.entries(options.more ?? {})) put(name, value);
  return object;
}

function withQuery(text: string, query: string | undefined): string {
  if (query === undefined || query === "") return text;
  return `${text}${text.includes("?") ? "&" : "?"}${query}`;
}

/** The default where nothing was said; null, which was said, stays. */
function unlessGiven<Value>(value: Value | null | undefined, preset: Value): Value | null {
  return value === undefined ? preset : value;
}
