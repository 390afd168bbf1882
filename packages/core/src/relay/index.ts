export { Relay, type RelayOptions, type RelayStream } from "./relay.ts";
export { type EndedRole, pathOf, RelaySession } from "./session.ts";
