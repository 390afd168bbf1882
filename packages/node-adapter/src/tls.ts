import { readFileSync, statSync } from "node:fs";
import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server } from "node:tls";

/**
 * How an `rtmps:` server shows who it is: certificate and key in PEM, or the files that have them. Files are read again
 * when they have changed, at the next connection; connections that are open keep theirs.
 */
export type ServerTls = (GivenCertificate | CertificateFiles) & {
  /** Of an encrypted key. */
  readonly passphrase?: string;
  /**
   * Told when changed files were read: null, or why they are no use (not both are written yet, say). Then the certificate
   * before them stays, and the next connection tries again. It must not throw.
   */
  readonly onReload?: (error: Error | null) => void;
};

interface GivenCertificate {
  /** With all certificates between it and one that clients trust. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** How long a peer may take until TLS is agreed upon, in milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;

/** Listens for connections with TLS. */
export class TlsListener {
  readonly server: Server;
  private readonly options: ServerTls;
  /** Which files were read last, and which of them were no use. */
  private seen = "";
  private useless = "";
  /** Those that are still agreeing upon TLS among them. */
  private readonly connections = new Set<Socket>();

  /** @throws when the certificate cannot be read, or does not fit its key. */
  constructor(options: ServerTls, onSocket: (socket: Socket) => void) {
    this.options = options;
    if ("certFile" in options) this.seen = stampOf(options);
    const settings = { ...identityOf(options), allowHalfOpen: true, handshakeTimeout: HANDSHAKE_TIMEOUT };
    this.server = createServer(settings, onSocket);
    // Before Node's own listener, so that this very connection has the new certificate.
    this.server.prependListener("connection", (connection: Socket) => {
      this.connections.add(connection);
      connection.once("close", () => this.connections.delete(connection));
      if ("certFile" in options) this.reload(options);
    });
  }

  /** Cuts all connections. */
  destroy(): void {
    for (const connection of this.connections) connection.destroy();
  }

  private reload(files: CertificateFiles): void {
    const { onReload } = this.options;
    let stamp = "";
    try {
      stamp = stampOf(files);
      if (stamp === this.seen) return;
      this.server.setSecureContext(identityOf(this.options));
      this.seen = stamp;
      onReload?.(null);
    } catch (error) {
      if (stamp !== this.useless) onReload?.(error instanceof Error ? error : new Error(String(error)));
      this.useless = stamp;
    }
  }
}

function identityOf(options: ServerTls): SecureContextOptions {
  const { passphrase } = options;
  const cert = "certFile" in options ? readFileSync(options.certFile) : options.cert;
  const key = "keyFile" in options ? readFileSync(options.keyFile) : options.key;
  return { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
}

/** Changes when a file is written, replaced, or another one is linked to. */
function stampOf({ certFile, keyFile }: CertificateFiles): string {
  return [certFile, keyFile]
    .map((file) => statSync(file, { bigint: true }))
    .map(({ dev, ino, size, mtimeNs }) => `${dev} ${ino} ${size} ${mtimeNs}`)
    .join(", ");
}
