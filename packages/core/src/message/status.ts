import { AmfObject, type AmfValue } from "../amf/index.ts";

/** Codes of information objects that this implementation sends or acts upon (RTMP 7.2; ActionScript 3, NetStatusEvent.info). */
export const StatusCode = {
  ConnectSuccess: "NetConnection.Connect.Success",
  ConnectRejected: "NetConnection.Connect.Rejected",
  ConnectInvalidApp: "NetConnection.Connect.InvalidApp",
  ConnectAppShutdown: "NetConnection.Connect.AppShutdown",
  /** A server asks its client to connect again, perhaps elsewhere (E-RTMP v2, "Reconnect Request"). */
  ConnectReconnectRequest: "NetConnection.Connect.ReconnectRequest",
  CallFailed: "NetConnection.Call.Failed",
  PublishStart: "NetStream.Publish.Start",
  PublishBadName: "NetStream.Publish.BadName",
  PublishDenied: "NetStream.Publish.Denied",
  UnpublishSuccess: "NetStream.Unpublish.Success",
  PlayReset: "NetStream.Play.Reset",
  PlayStart: "NetStream.Play.Start",
  PlayStop: "NetStream.Play.Stop",
  PlayFailed: "NetStream.Play.Failed",
  PlayStreamNotFound: "NetStream.Play.StreamNotFound",
  PlayPublishNotify: "NetStream.Play.PublishNotify",
  PlayUnpublishNotify: "NetStream.Play.UnpublishNotify",
  PlayComplete: "NetStream.Play.Complete",
  PlaySwitch: "NetStream.Play.Switch",
  PlayTransition: "NetStream.Play.Transition",
  PlayTransitionComplete: "NetStream.Play.TransitionComplete",
  PlayFileStructureInvalid: "NetStream.Play.FileStructureInvalid",
  TransitionSuccess: "NetStream.Transition.Success",
  RecordStart: "NetStream.Record.Start",
  RecordStop: "NetStream.Record.Stop",
  RecordFailed: "NetStream.Record.Failed",
  PauseNotify: "NetStream.Pause.Notify",
  UnpauseNotify: "NetStream.Unpause.Notify",
  SeekNotify: "NetStream.Seek.Notify",
  SeekFailed: "NetStream.Seek.Failed",
  SeekInvalidTime: "NetStream.Seek.InvalidTime",
} as const;
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode];

/** An information object: what onStatus and answers carry (RTMP 7.2.1.1, 7.2.2). */
export function information(
  level: "status" | "error",
  code: string,
  description: string,
  more: { readonly [name: string]: AmfValue } = {},
): AmfObject {
  return AmfObject.of({ level, code, description, ...more });
}
