/**
 * Places of loudspeakers, as numbers of bits in a mask and as ids in a channel map (Enhanced RTMP v2,
 * "AudioChannelMask", "AudioChannel").
 */
export const Channel = {
  FrontLeft: 0,
  FrontRight: 1,
  FrontCenter: 2,
  LowFrequency1: 3,
  BackLeft: 4,
  BackRight: 5,
  FrontLeftCenter: 6,
  FrontRightCenter: 7,
  BackCenter: 8,
  SideLeft: 9,
  SideRight: 10,
  TopCenter: 11,
  TopFrontLeft: 12,
  TopFrontCenter: 13,
  TopFrontRight: 14,
  TopBackLeft: 15,
  TopBackCenter: 16,
  TopBackRight: 17,
  LowFrequency2: 18,
  TopSideLeft: 19,
  TopSideRight: 20,
  BottomFrontCenter: 21,
  BottomFrontLeft: 22,
  BottomFrontRight: 23,
  /** In a map only: the channel is empty and may be left out. */
  Unused: 254,
  /** In a map only. */
  Unknown: 255,
} as const;
export type Channel = (typeof Channel)[keyof typeof Channel];

const MASK_BITS = 24;

/** The layouts that have a name of their own, as FFmpeg gives it. */
export const ChannelMask = {
  mono: 0x004,
  stereo: 0x003,
  "2.1": 0x00b,
  "3.0": 0x007,
  "3.0(back)": 0x103,
  "3.1": 0x00f,
  "4.0": 0x107,
  "4.1": 0x10f,
  quad: 0x033,
  "quad(side)": 0x603,
  "5.0": 0x037,
  "5.0(side)": 0x607,
  "5.1": 0x03f,
  "5.1(side)": 0x60f,
  "6.1": 0x70f,
  "6.1(back)": 0x13f,
  "7.0": 0x637,
  "7.1": 0x63f,
  "7.1(wide)": 0x0ff,
  octagonal: 0x737,
  "5.1.2(back)": 0x503f,
  "22.2": 0xffffff,
} as const;

const layoutNames = new Map<number, string>(Object.entries(ChannelMask).map(([name, mask]) => [mask, name]));

// Two or three letters each, by their bits.
const channelNames = "FL FR FC LFE BL BR FLC FRC BC SL SR TC TFL TFC TFR TBL TBC TBR LFE2 TSL TSR BFC BFL BFR".split(
  " ",
);

/** The name of a channel mask, such as `5.1`, or its channels, such as `FL+FR+LFE`. */
export function channelLayoutText(mask: number): string {
  return layoutNames.get(mask) ?? channelsOf(mask).map(channelText).join("+");
}

/** The abbreviation of a channel of a map, such as `FL`. */
export function channelText(channel: number): string {
  if (channel === Channel.Unused) return "unused";
  return channelNames[channel] ?? (channel === Channel.Unknown ? "unknown" : `channel ${channel}`);
}

function channelsOf(mask: number): number[] {
  const channels: number[] = [];
  for (let bit = 0; bit < MASK_BITS; bit++) {
    if (((mask >>> bit) & 1) === 1) channels.push(bit);
  }
  return channels;
}
