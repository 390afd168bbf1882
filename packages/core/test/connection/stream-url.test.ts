import { describe, expect, it } from "vitest";
import { parseRtmpUrl, splitStreamUrl } from "../../src/connection/index.ts";

describe("parseRtmpUrl", () => {
  it("takes a URL apart", () => {
    expect(parseRtmpUrl("rtmp://me:se:cret@host:1936/app/instance?key=a/b#top")).toEqual({
      scheme: "rtmp",
      host: "host",
      port: 1936,
      user: "me",
      password: "se:cret",
      path: "app/instance",
      query: "key=a/b",
      origin: "rtmp://host:1936",
    });
  });

  it.each([
    ["rtmp://host/app", "host", 1935],
    ["RTMPS://host/app", "host", 443],
    ["rtmps://[2001:db8::1]/app", "2001:db8::1", 443],
    ["rtmp://[::1]:19350/app", "::1", 19350],
    ["rtmp://host", "host", 1935],
    ["rtmp://127.0.0.1?x", "127.0.0.1", 1935],
  ])("finds where %s leads to", (url, host, port) => {
    expect(parseRtmpUrl(url)).toMatchObject({ host, port });
  });

  it.each([
    "http://host/app",
    "rtmp:/host/app",
    "rtmp://",
    "rtmp:///app",
    "rtmp://host:0/app",
    "rtmp://host:65536/app",
    "rtmp://::1/app",
    "rtmp://[::1/app",
    "live/name",
    "",
  ])("refuses %s", (url) => {
    expect(() => parseRtmpUrl(url)).toThrow(TypeError);
  });
});

describe("splitStreamUrl", () => {
  it.each([
    ["rtmp://host/live/show", "live", "rtmp://host/live", "show"],
    ["rtmp://host:1936/live/show?key=a/b&c", "live", "rtmp://host:1936/live", "show?key=a/b&c"],
    ["rtmp://host/app/instance/show", "app/instance", "rtmp://host/app/instance", "show"],
    ["rtmp://host/app/instance/a/b", "app/instance", "rtmp://host/app/instance", "a/b"],
    ["rtmp://host/vod/mp4:folder/film.mp4", "vod", "rtmp://host/vod", "mp4:folder/film.mp4"],
    ["rtmp://host/ondemand/a/b", "ondemand", "rtmp://host/ondemand", "a/b"],
    ["rtmp://host/vod/film.mp4", "vod", "rtmp://host/vod", "mp4:film.mp4"],
    ["rtmp://host/vod/film.flv", "vod", "rtmp://host/vod", "film"],
    ["rtmp://host/a/b?slist=c&d", "a/b", "rtmp://host/a/b?slist=c&d", "c"],
    ["rtmp://host/live", "live", "rtmp://host/live", ""],
    ["rtmp://host/live/?token=1", "live", "rtmp://host/live?token=1", ""],
    ["rtmps://me:secret@[::1]/live/show", "live", "rtmps://me:secret@[::1]/live", "show"],
  ])("splits %s", (url, app, appUrl, name) => {
    expect(splitStreamUrl(url)).toEqual({ app, url: appUrl, name });
  });
});
