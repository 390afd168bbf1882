/** Used until the peer says otherwise, and sent as our own wish: what FFmpeg, SRS and librtmp send. */
export const USUAL_WINDOW = 2_500_000;
const SMALLEST_WINDOW = 1024;

/**
 * Counts what was received and says when it is to be acknowledged (RTMP 5.4.3, 5.4.4), and remembers what the peer
 * acknowledged. Counts are doubles, exact up to 2^53 bytes; on the wire they are taken modulo 2^32.
 */
export class FlowControl {
  /** Bytes received since the handshake. */
  received = 0;
  /**
   * The peer's last sequence number, modulo 2^32. For information only: servers are known that send increments instead,
   * and many players never acknowledge.
   */
  peerAcknowledged = 0;
  /** The window that the peer asked to be acknowledged by; 0 when it wants no acknowledgements. */
  window: number = USUAL_WINDOW;
  private acknowledged = 0;

  /** Sets what a Window Acknowledgement Size asks for. A tiny window must not make each read cost an answer. */
  setWindow(window: number): void {
    this.window = window === 0 ? 0 : Math.max(window, SMALLEST_WINDOW);
  }

  /**
   * Whether an acknowledgement is due: at half the window, as FFmpeg and SRS do, since a peer may stop at the full one.
   * Asking says that {@link sequenceNumber} is sent now.
   */
  takeAcknowledgementDue(): boolean {
    if (this.window === 0 || this.received - this.acknowledged < this.window / 2) return false;
    this.acknowledged = this.received;
    return true;
  }

  /** What an Acknowledgement carries: all that was received, modulo 2^32. */
  get sequenceNumber(): number {
    return this.received >>> 0;
  }
}
