export type { Client } from "./client.ts";
export { ClientError, type ClientErrorKind } from "./client-error.ts";
export { connect } from "./connect.ts";
export type { Abortable, ClientOptions, CloseOptions, Message, PlayerOptions, PublisherOptions } from "./options.ts";
export type { Publisher } from "./publisher.ts";
