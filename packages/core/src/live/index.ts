export { IncomingMessage } from "./incoming.ts";
export { LiveStream, type LiveStreamOptions, type StreamHeader } from "./stream.ts";
export { Subscription } from "./subscription.ts";
