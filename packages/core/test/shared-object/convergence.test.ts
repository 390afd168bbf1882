import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/errors.ts";
import { type Step, World, type WorldOptions } from "./simulator.ts";

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ client: fc.nat(4), action: fc.nat(17), choice: fc.nat(119) }),
  { minLength: 20, maxLength: 80, size: "max" },
);

/** All clients connect and use the object, in the middle of which the steps begin. */
function begun(options: WorldOptions): World {
  const world = new World(options);
  for (const { index } of world.clients) {
    for (const action of [12, 10, 4]) world.step({ client: index, action, choice: 0 });
  }
  return world;
}

function run(options: WorldOptions, path: readonly Step[]): World {
  const world = begun(options);
  for (const step of path) world.step(step);
  world.settle();
  world.checkAgreement();
  world.checkNothingIsLost();
  return world;
}

describe("a shared object", () => {
  it("is the same for all that are connected at the end, whatever happened", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.boolean(), steps, (isPersistent, path) => {
        for (const event of run({ isPersistent }, path).seen) seen.add(event);
      }),
      { numRuns: 10_000 },
    );
    for (const event of ["agreement", "change", "delete", "success", "reject", "clear", "message", "refused"]) {
      expect(seen).toContain(event);
    }
    expect(seen).toContain("not stored");
    expect(seen).toContain(`refused ${ErrorCode.Refused}`);
    expect(seen).toContain(`refused ${ErrorCode.SharedObjectPropertyLimit}`);
  });

  it("loses no change that anyone was told of, whenever its server dies", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(steps, (path) => {
        for (const event of run({ isPersistent: true, hasCrashes: true }, path).seen) seen.add(event);
      }),
      { numRuns: 3_000 },
    );
    for (const event of ["agreement", "crash", "not stored", "success"]) expect(seen).toContain(event);
  });
});
