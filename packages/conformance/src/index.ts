import type { Case } from "./case.ts";
import { endings } from "./cases/endings.ts";
import { refusal } from "./cases/refusal.ts";
import { relaying } from "./cases/relaying.ts";
import { shutdown } from "./cases/shutdown.ts";
import { slowness } from "./cases/slowness.ts";
import { timeouts } from "./cases/timeouts.ts";
import { tls } from "./cases/tls.ts";

export type { Case } from "./case.ts";
export type { RawSocket, Runtime, Server, ServerOptions } from "./runtime.ts";

/** Everything that every adapter has to do. Cases are independent of each other. */
export const cases: readonly Case[] = [
  ...relaying,
  ...refusal,
  ...slowness,
  ...endings,
  ...timeouts,
  ...shutdown,
  ...tls,
];
