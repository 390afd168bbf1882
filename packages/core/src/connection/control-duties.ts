import { MessageType } from "../chunk/index.ts";
import type { Limits } from "../limits.ts";
import { readControlValue, readUserControl, type UserControl, UserControlEvent } from "../message/index.ts";
import { FlowControl, USUAL_WINDOW } from "./flow-control.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Sender } from "./sender.ts";

/** What {@link ControlDuties.handle} made of a control message. */
export const ControlOutcome = {
  /** Its duty is done. */
  Done: 0,
  /** It is shorter than its fields. */
  Truncated: 1,
  /** It came too often. */
  TooMany: 2,
} as const;
export type ControlOutcome = (typeof ControlOutcome)[keyof typeof ControlOutcome];

/** What either end of a connection owes the other besides commands: acknowledgements, pings, window sizes (RTMP 5.4, 6.2). */
export class ControlDuties {
  readonly flow: FlowControl = new FlowControl();
  /** The last user control message, for whoever needs more of it than is done here; null when the last was none. */
  event: UserControl | null = null;

  private readonly sender: Sender;
  private readonly rate: RateLimit;
  private readonly pings: RateLimit;
  private announcedWindow = USUAL_WINDOW;

  constructor(sender: Sender, limits: Readonly<Limits>) {
    this.sender = sender;
    this.rate = new RateLimit(limits.controlMessagesPerSecond);
    this.pings = new RateLimit(limits.pingAnswersPerSecond);
  }

  /** Counts received bytes, and acknowledges them when it is due. */
  receive(length: number): void {
    this.flow.received += length;
    if (this.flow.takeAcknowledgementDue()) {
      this.sender.control(MessageType.Acknowledgement, this.flow.sequenceNumber);
    }
  }

  /** Handles a message of type 1 to 6; types 1 and 2 were obeyed by the parser already. */
  handle(messageType: number, bytes: Uint8Array, start: number, end: number, now: number): ControlOutcome {
    this.event = null;
    if (!this.rate.allows(now)) return ControlOutcome.TooMany;
    if (messageType === MessageType.UserControl) {
      this.userControl(bytes, start, end, now);
      return ControlOutcome.Done;
    }
    const value = readControlValue(bytes, start, end);
    if (value === null) return ControlOutcome.Truncated;
    if (messageType === MessageType.Acknowledgement) this.flow.peerAcknowledged = value;
    else if (messageType === MessageType.WindowAcknowledgementSize) this.flow.setWindow(value);
    else if (messageType === MessageType.SetPeerBandwidth) this.answerBandwidth(value);
    return ControlOutcome.Done;
  }

  /** Truncated events are ignored: peers are known whose pings have no time. */
  private userControl(bytes: Uint8Array, start: number, end: number, now: number): void {
    this.event = readUserControl(bytes, start, end);
    if (this.event?.event === UserControlEvent.PingRequest && this.pings.allows(now)) {
      this.sender.userControl(UserControlEvent.PingResponse, this.event.value);
    }
  }

  /** RTMP 5.4.5: answered with the window, when that is another than was said last. The limit itself is not enforced. */
  private answerBandwidth(window: number): void {
    if (window === this.announcedWindow) return;
    this.announcedWindow = window;
    this.sender.control(MessageType.WindowAcknowledgementSize, window);
  }
}
