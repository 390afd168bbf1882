/** The capture file breaks the rules of its own format, so that nothing behind this place can be read. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
  /** Where in the file, in bytes. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
