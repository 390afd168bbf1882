import { type AmfObject, ErrorCode, type ProtocolError, type Refusal, redirectOf, type Status } from "@millrace/core";

/** What kept a client from what it was asked for. */
export type ClientErrorKind =
  /** No connection came about: the name, the address, the network, the certificate. See `cause`. */
  | "unreachable"
  /** The server, or what lies between, took too long. */
  | "timeout"
  /** The server does not want it; see `status`, `description` and `redirect`. */
  | "refused"
  /** The server broke the protocol; see `protocolError`. */
  | "failed"
  /** The connection ended, or the server ended the stream, before its time. */
  | "lost"
  /** The application itself has closed the client or the stream. */
  | "closed";

/** What a {@link ClientError} can say beside its kind and its message. */
interface Circumstances {
  readonly cause?: unknown;
  readonly information?: AmfObject;
  readonly refusal?: Refusal;
  readonly protocolError?: ProtocolError;
}

/** Why something that a client was asked for failed. An `AbortSignal` makes its own reason the error instead. */
export class ClientError extends Error {
  readonly kind: ClientErrorKind;
  /** The server's code, such as `NetStream.Publish.BadName`; empty when it said none. */
  readonly status: string;
  /** What the server says in words; may be empty. */
  readonly description: string;
  /** All that the server said. */
  readonly information: AmfObject | null;
  /** The URL of the app to connect to instead, where the server named one. */
  readonly redirect: string | null;
  /** When `connect` was refused. */
  readonly refusal: Refusal | null;
  readonly protocolError: ProtocolError | null;

  constructor(kind: ClientErrorKind, message: string, circumstances: Circumstances = {}) {
    const { cause, refusal, protocolError } = circumstances;
    super(message, cause === undefined ? {} : { cause });
    const information = circumstances.information ?? refusal?.information ?? null;
    this.name = "ClientError";
    this.kind = kind;
    this.status = textOf(information, "code");
    this.description = textOf(information, "description");
    this.information = information;
    this.redirect = information && redirectOf(information);
    this.refusal = refusal ?? null;
    this.protocolError = protocolError ?? null;
  }
}

const lateness: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.HandshakeTimeout,
  ErrorCode.ConnectTimeout,
  ErrorCode.PartialMessageTimeout,
  ErrorCode.PingTimeout,
]);

/** Why a connection failed. */
export function connectionError(protocolError: ProtocolError, refusal: Refusal | null): ClientError {
  const { code, message } = protocolError;
  if (refusal !== null) return new ClientError("refused", message, { refusal, protocolError });
  return new ClientError(lateness.has(code) ? "timeout" : "failed", message, { protocolError });
}

/** What the server said against a stream, or against the connection. */
export function statusError(
  kind: ClientErrorKind,
  what: string,
  { code, description, information }: Status,
): ClientError {
  return new ClientError(kind, `${what}: ${description || code}`, { information });
}

function textOf(information: AmfObject | null, name: string): string {
  const value = information?.get(name);
  return typeof value === "string" ? value : "";
}
