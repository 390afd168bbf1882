/** One captured frame: a range of the file. */
export interface Packet {
  /** What the frame begins with: a LINKTYPE_ value of the tcpdump group's registry. */
  linkType: number;
  /** Milliseconds since 1970, with fractions; null where the file has none (pcapng simple packet block). */
  time: number | null;
  /** The captured bytes in the file, end excluded. */
  start: number;
  end: number;
  /** Length on the wire; never less than what was captured. */
  originalLength: number;
}

/** Yields the packets of a file and returns where the file was cut off inside a packet, or null when it is whole. */
export type PacketReader = Generator<Packet, number | null, undefined>;

/** Why a packet is left out of the reassembly. */
export type SkipReason =
  /** A link type that is not known here. */
  | "unknownLinkType"
  /** ARP, spanning tree and the like. */
  | "notIp"
  | "notTcp"
  /** A fragment of an IP packet with TCP in it: fragments are not put together. */
  | "fragment"
  /** Headers that contradict themselves or were cut off by the capture. */
  | "malformed";
