import type { Case } from "./case.ts";
import { aborts } from "./cases/client/aborts.ts";
import { clientRefusal } from "./cases/client/refusal.ts";
import { servers } from "./cases/client/servers.ts";
import { clientSlowness } from "./cases/client/slowness.ts";
import { streams } from "./cases/client/streams.ts";
import { transports } from "./cases/client/transports.ts";
import { endings } from "./cases/endings.ts";
import { methods } from "./cases/methods.ts";
import { refusal } from "./cases/refusal.ts";
import { relaying } from "./cases/relaying.ts";
import { remotes } from "./cases/remotes.ts";
import { sharedObjects } from "./cases/shared-objects.ts";
import { shutdown } from "./cases/shutdown.ts";
import { slowness } from "./cases/slowness.ts";
import { timeouts } from "./cases/timeouts.ts";
import { tls } from "./cases/tls.ts";

export type { Case } from "./case.ts";
export type { RawListener, RawSocket, Runtime, Server, ServerOptions, ServerTls } from "./runtime.ts";

/** Everything that every adapter has to do. Cases are independent of each other. */
export const cases: readonly Case[] = [
  ...relaying,
  ...refusal,
  ...slowness,
  ...endings,
  ...timeouts,
  ...shutdown,
  ...tls,
  ...methods,
  ...remotes,
  ...sharedObjects,
  ...streams,
  ...clientRefusal,
  ...aborts,
  ...clientSlowness,
  ...servers,
  ...transports,
];
