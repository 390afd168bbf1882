import { ErrorCode } from "../errors.ts";
import { type PropertyRequest, type SharedObjectEvent, SharedObjectEventType, SharedObjectStatus } from "./event.ts";

/** What a client of a shared object is told in answer to one event of its own. */
export type Answer =
  | { readonly kind: "accepted"; readonly event: PropertyRequest }
  /** `value`: what the property has instead; undefined when it is not there. */
  | {
      readonly kind: "refused";
      readonly name: string;
      readonly value: Uint8Array | undefined;
      readonly code: SharedObjectStatus;
    }
  /** It uses the object from now on, and learns the content. */
  | { readonly kind: "state"; readonly content: ReadonlyMap<string, Uint8Array> }
  | { readonly kind: "message"; readonly event: SharedObjectEvent };

/** The events of an answer. A refusal tells the property first: so the client knows which one the status is about. */
export function answerEvents(answer: Answer): SharedObjectEvent[] {
  switch (answer.kind) {
    case "accepted": {
      const { type, name } = answer.event;
      const isRemoval = type === SharedObjectEventType.RequestRemove;
      return [{ type: isRemoval ? SharedObjectEventType.Remove : SharedObjectEventType.Success, name }];
    }
    case "refused":
      return [
        propertyEvent(answer.name, answer.value),
        { type: SharedObjectEventType.Status, code: answer.code, level: "error" },
      ];
    case "state":
      return [
        { type: SharedObjectEventType.UseSuccess },
        { type: SharedObjectEventType.Clear },
        ...Array.from(answer.content, ([name, value]) => propertyEvent(name, value)),
      ];
    case "message":
      return [answer.event];
  }
}

/** What becomes of an answer when the change before it could not be stored, and the content is this one again. */
export function answerUnstored(answer: Answer, content: ReadonlyMap<string, Uint8Array>): Answer {
  switch (answer.kind) {
    case "accepted": {
      const { name } = answer.event;
      return { kind: "refused", name, value: content.get(name), code: SharedObjectStatus.FlushFailed };
    }
    case "refused":
      return { ...answer, value: content.get(answer.name) };
    case "state":
      return { ...answer, content };
    default:
      return answer;
  }
}

/** What a client is told when its change was refused for this reason. */
export function refusalStatus(code: ErrorCode): SharedObjectStatus {
  switch (code) {
    case ErrorCode.SharedObjectPersistence:
      return SharedObjectStatus.BadPersistence;
    case ErrorCode.SharedObjectLimit:
    case ErrorCode.SharedObjectUseLimit:
    case ErrorCode.SharedObjectClientLimit:
    case ErrorCode.SharedObjectNotLoaded:
      return SharedObjectStatus.ObjectCreationFailed;
    default:
      return SharedObjectStatus.NoWriteAccess;
  }
}

function propertyEvent(name: string, value: Uint8Array | undefined): SharedObjectEvent {
  return value === undefined
    ? { type: SharedObjectEventType.Remove, name }
    : { type: SharedObjectEventType.Change, name, value };
}
