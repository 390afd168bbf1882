export { type AggregatePart, AggregateReader, aggregatePayload } from "./aggregate.ts";
export { type Command, encodeValues, readCommand } from "./command.ts";
export {
  BandwidthLimit,
  controlPayload,
  peerBandwidthPayload,
  readBandwidthLimit,
  readControlValue,
  readUserControl,
  type UserControl,
  UserControlEvent,
  userControlPayload,
} from "./control.ts";
export { asSetDataFrame, type DataHead, DataKind, readDataHead } from "./data.ts";
export { information, StatusCode } from "./status.ts";
