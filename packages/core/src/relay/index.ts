export { Admission, type AdmissionHost } from "./admission.ts";
export type { HookAnswer, HookRefusal, Hooks, Peer, ServerEvent } from "./hooks.ts";
export { RelayPull } from "./pull.ts";
export { type Publisher, Relay, type RelayOptions, type RelayStream, type StreamInfo } from "./relay.ts";
export { type Carrier, type EndedRole, pathOf, RelaySession } from "./session.ts";
