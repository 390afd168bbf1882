export type { AdmissionHost } from "./admission.ts";
export { Backoff } from "./backoff.ts";
export { RelayClient, type RelayClientOptions } from "./client.ts";
export { Gate, type GateOptions, type TurnedAway } from "./gate.ts";
export type {
  HookAnswer,
  HookRefusal,
  Hooks,
  Peer,
  RecordingEvent,
  ServerEvent,
  SharedObjectRequest,
} from "./hooks.ts";
export { ObjectRoom, type ObjectRoomHost, type SharedObjectInfo } from "./object-room.ts";
export { RelayPull } from "./pull.ts";
export { RelayPush } from "./push.ts";
export { type OpenedRecording, Recordings } from "./recordings.ts";
export {
  type Listener,
  type Publisher,
  Relay,
  type RelayOptions,
  type RelayStream,
  type StreamInfo,
} from "./relay.ts";
export { PeerStep, RelayPeer, type RelayPeerHost } from "./relay-peer.ts";
export { REMOTE_RANDOM_BYTES, Remote, type RemoteHost } from "./remote.ts";
export { type RemoteDialer, type RemoteLink, RemoteLinks } from "./remote-links.ts";
export { Remotes } from "./remotes.ts";
export { type Carrier, type EndedRole, pathOf, RelaySession } from "./session.ts";
export { type TrackInfo, tracksOf } from "./tracks.ts";
