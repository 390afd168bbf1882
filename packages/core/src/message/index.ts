export { type AggregatePart, AggregateReader, aggregatePayload } from "./aggregate.ts";
export { type Command, encodeAmf3Values, encodeValues, readCommand, valuesStart } from "./command.ts";
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
export { asSetDataFrame, type Data, type DataHead, DataKind, dataInAmf0, readData, readDataHead } from "./data.ts";
export { information, StatusCode } from "./status.ts";
