export { IncomingMessage } from "./incoming.ts";
export { type Holder, LiveStream, type LiveStreamOptions, type StreamHeader } from "./stream.ts";
export { Subscription } from "./subscription.ts";
