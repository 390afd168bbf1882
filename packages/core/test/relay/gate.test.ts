import { describe, expect, it } from "vitest";
import { Gate, type GateOptions } from "../../src/relay/index.ts";

/** A gate, whom it let in, and whom it turned out. */
class Stage {
  readonly gate: Gate;
  readonly inside: { address: string; guest: { name: string; turnOut(): void } }[] = [];
  readonly turnedOut: string[] = [];
  now = 0;

  constructor(options: GateOptions) {
    this.gate = new Gate(options);
  }

  /** How many of so many get in. */
  come(count: number, address: string): number {
    let taken = 0;
    for (let index = 0; index < count; index++) {
      if (!this.gate.admits(address, this.now)) continue;
      taken++;
      const name = `${address} ${this.inside.length}`;
      const guest = { name, turnOut: () => this.turnedOut.push(name) };
      this.inside.push({ address, guest });
      this.gate.enter(guest, address);
    }
    return taken;
  }

  allLeave(): void {
    for (const { guest, address } of this.inside.splice(0)) this.gate.leave(guest, address);
  }
}

describe("a gate takes connections", () => {
  it("up to so many in all, and others when some have left", () => {
    const stage = new Stage({ maximumConnections: 10 });
    expect([stage.come(9, "10.0.0.1"), stage.come(2, "10.0.0.2")]).toEqual([9, 1]);
    expect(stage.gate.takeTurnedAway()).toEqual({
      count: 1,
      reason: "there are 10 connections already",
      address: "10.0.0.2",
    });
    expect(stage.gate.takeTurnedAway()).toBeNull();
    stage.allLeave();
    expect(stage.come(11, "10.0.0.2")).toBe(10);
  });

  it("up to so many from one address; of this machine's own sockets any", () => {
    const stage = new Stage({ maximumConnectionsPerAddress: 3 });
    expect([stage.come(5, "10.0.0.1"), stage.come(5, "10.0.0.2"), stage.come(5, "")]).toEqual([3, 3, 5]);
    expect(stage.gate.takeTurnedAway()).toMatchObject({ count: 4, reason: "3 connections come from there already" });
  });

  it.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["::1", "::2", true],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.1", true],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.2", false],
    ["2001:db8::1:2:3:4", "2001:db8:0:0:9::", true],
  ])("of IPv6 from one network: %s and %s: %j", (first, second, isSame) => {
    const stage = new Stage({ maximumConnectionsPerAddress: 1 });
    expect([stage.come(1, first), stage.come(1, second)]).toEqual([1, isSame ? 0 : 1]);
  });

  it("up to so many new ones a second from one address, also when they leave at once", () => {
    const stage = new Stage({ connectionsPerSecond: 3 });
    let taken = 0;
    for (stage.now = 0; stage.now < 3_000; stage.now += 10) {
      taken += stage.come(1, "10.0.0.1");
      stage.allLeave();
    }
    expect(taken).toBe(9);
    expect(stage.come(1, "10.0.0.2")).toBe(1);
  });

  it("and closes the oldest of those that do not say what they want", () => {
    const stage = new Stage({ maximumUndecided: 3 });
    stage.come(3, "10.0.0.1");
    const [first] = stage.inside;
    if (first !== undefined) stage.gate.decided(first.guest);
    expect(stage.come(3, "10.0.0.2")).toBe(3);
    expect(stage.turnedOut).toEqual(["10.0.0.1 1", "10.0.0.1 2"]);
    stage.allLeave();
    expect(stage.come(3, "10.0.0.1")).toBe(3);
    expect(stage.turnedOut).toHaveLength(2);
  });
});
