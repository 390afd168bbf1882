import { RateLimit } from "../connection/index.ts";

const SECOND = 1_000;

/** How many connections a server takes. */
export interface GateOptions {
  /** In all. Default 20,000. */
  readonly maximumConnections?: number;
  /** From one address; of IPv6 from one network (/64). Default 4,000: whole companies come from one address. */
  readonly maximumConnectionsPerAddress?: number;
  /** New ones from one address in a second. Default 500. */
  readonly connectionsPerSecond?: number;
  /**
   * That have not said yet what they want (`connect`). One more, and the oldest of them is closed: who means it takes no
   * time, however many others do not. Default 2,000.
   */
  readonly maximumUndecided?: number;
}

/** Somebody at the gate. */
export interface Guest {
  /** Closes the connection at once. */
  turnOut(): void;
}

/** Connections that were not taken, or closed to make room, since it was last asked. */
export interface TurnedAway {
  readonly count: number;
  /** Why the last one was, and from where. */
  readonly reason: string;
  readonly address: string;
}

/** What is known of an address with connections. */
interface Origin {
  connections: number;
  readonly rate: RateLimit;
}

/** Decides which connections a server takes: nobody alone may take all of them. */
export class Gate {
  private readonly maximumConnections: number;
  private readonly perAddress: number;
  private readonly perSecond: number;
  private readonly maximumUndecided: number;
  private readonly origins = new Map<string, Origin>();
  private readonly undecided = new Map<Guest, string>();
  /** Addresses without connections, and since when. */
  private readonly idle = new Map<string, number>();
  private connections = 0;
  private now = 0;
  private turnedAway: TurnedAway | null = null;

  constructor(options: GateOptions = {}) {
    this.maximumConnections = options.maximumConnections ?? 20_000;
    this.perAddress = options.maximumConnectionsPerAddress ?? 4_000;
    this.perSecond = options.connectionsPerSecond ?? 500;
    this.maximumUndecided = options.maximumUndecided ?? 2_000;
  }

  /**
   * Somebody wants in. Each who was let in has to {@link leave}.
   *
   * @param address - of this machine's own sockets it is empty: these are not counted by address
   * @returns whether the connection may be taken.
   */
  admits(address: string, now: number): boolean {
    if (this.connections >= this.maximumConnections) {
      return this.turnAway(address, `there are ${this.connections} connections already`);
    }
    if (address !== "" && !this.admitsFrom(address, now)) return false;
    this.connections++;
    return true;
  }

  /** Who was let in has not said yet what it wants. */
  enter(guest: Guest, address: string): void {
    this.undecided.set(guest, address);
    if (this.undecided.size <= this.maximumUndecided) return;
    for (const [oldest, from] of this.undecided) {
      this.undecided.delete(oldest);
      this.turnAway(from, `${this.maximumUndecided} others have not said either what they want`);
      oldest.turnOut();
      return;
    }
  }

  /** It has. */
  decided(guest: Guest): void {
    this.undecided.delete(guest);
  }

  leave(guest: Guest, address: string): void {
    this.undecided.delete(guest);
    this.connections--;
    const key = originOf(address);
    const origin = this.origins.get(key);
    if (origin === undefined) return;
    origin.connections--;
    if (origin.connections === 0) this.idle.set(key, this.now);
  }

  /** What was turned away since the last time. */
  takeTurnedAway(): TurnedAway | null {
    const { turnedAway } = this;
    this.turnedAway = null;
    return turnedAway;
  }

  private admitsFrom(address: string, now: number): boolean {
    this.forgetIdle(now);
    const key = originOf(address);
    const origin = this.origins.get(key) ?? { connections: 0, rate: new RateLimit(this.perSecond) };
    if (!origin.rate.allows(now)) return this.turnAway(address, `${this.perSecond} connections came within a second`);
    if (origin.connections >= this.perAddress) {
      return this.turnAway(address, `${origin.connections} connections come from there already`);
    }
    origin.connections++;
    this.origins.set(key, origin);
    this.idle.delete(key);
    return true;
  }

  /** Whoever came and went within the second is remembered: that is how many may come. */
  private forgetIdle(now: number): void {
    this.now = now;
    for (const [key, since] of this.idle) {
      if (now - since < SECOND) return;
      this.idle.delete(key);
      this.origins.delete(key);
    }
  }

  private turnAway(address: string, reason: string): false {
    this.turnedAway = { count: (this.turnedAway?.count ?? 0) + 1, reason, address };
    return false;
  }
}

/** Whoever has one address of IPv6 has all of its network (RFC 6177). */
function originOf(address: string): string {
  // IPv4 at a socket for both: ::ffff:192.0.2.1
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array.from({ length: zeros }, () => "0"), ...rest].slice(0, 4).join(":");
}
