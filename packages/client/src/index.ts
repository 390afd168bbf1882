export type { Client } from "./client.ts";
export { ClientError, type ClientErrorKind } from "./client-error.ts";
export { connectThrough } from "./connect.ts";
export { orAbort } from "./deferred.ts";
export type { Abortable, ClientOptions, CloseOptions, Message, PlayerOptions, PublisherOptions } from "./options.ts";
export type { Publisher } from "./publisher.ts";
export type { ClientSharedObject, SharedObjectOptions } from "./shared-object.ts";
export type { Endpoint, OpenTransport, Transport, TransportListener } from "./transport.ts";
