import { createPrivateKey, X509Certificate } from "node:crypto";

/**
 * How an `rtmps:` server shows who it is: certificate and key in PEM, or the files that have them. Files are looked at every
 * second, and read again when they have changed. As Deno takes a certificate only when it begins to listen, it listens
 * anew then: for less than a millisecond the address is nobody's, and who connects just then is turned away. Connections
 * that are open stay.
 */
export type ServerTls = (GivenCertificate | CertificateFiles) & {
  /** Of an encrypted key. */
  readonly passphrase?: string;
  /**
   * Told when changed files are used: null, or why they are no use (not both are written yet, say). Then the certificate
   * before them stays, until the files change again. It must not throw.
   */
  readonly onReload?: (error: Error | null) => void;
};

interface GivenCertificate {
  /** With all certificates between it and one that clients trust. */
  readonly cert: string;
  readonly key: string;
}

/** They need the permission `--allow-read`. */
interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate and its key, both in PEM, as Deno takes them. */
interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** @throws when the certificate cannot be read, or does not fit its key. */
export function identityOf(options: ServerTls): Identity {
  const { passphrase } = options;
  const cert = "certFile" in options ? Deno.readTextFileSync(options.certFile) : options.cert;
  const key = "keyFile" in options ? Deno.readTextFileSync(options.keyFile) : options.key;
  const privateKey = createPrivateKey(passphrase === undefined ? key : { key, passphrase });
  if (!new X509Certificate(cert).checkPrivateKey(privateKey)) {
    throw new Error("The certificate and the key do not fit together: key values mismatch.");
  }
  // Deno takes no encrypted keys.
  return { cert, key: passphrase === undefined ? key : String(privateKey.export({ type: "pkcs8", format: "pem" })) };
}

/** How often files are looked at, in milliseconds. */
const LOOK = 1_000;

/** Listens for connections with TLS, and listens anew when there is another certificate. */
export class TlsListener {
  private readonly options: ServerTls;
  private identity: Identity;
  /** What it is to be from the next listening on; null when it listens. */
  private next: Identity | null = null;
  private readonly where: { readonly port: number; readonly hostname: string };
  private listener: Deno.TlsListener;
  /** Which files were read last. */
  private seen = "";
  private readonly watch: ReturnType<typeof setInterval> | undefined;

  constructor(options: ServerTls, port: number, hostname: string) {
    this.options = options;
    if ("certFile" in options) this.seen = stampOf(options);
    this.identity = identityOf(options);
    this.listener = Deno.listenTls({ port, hostname, ...this.identity });
    // Now it has a port.
    this.where = { port: this.listener.addr.port, hostname };
    if ("certFile" in options) this.watch = setInterval(() => this.look(options), LOOK);
  }

  get addr(): Deno.NetAddr {
    return this.listener.addr;
  }

  async accept(): Promise<Deno.Conn> {
    for (;;) {
      try {
        return await this.listener.accept();
      } catch (error) {
        if (this.next === null) throw error;
        // It was closed for this, and now its address is free.
        this.listenAnew(this.next);
      }
    }
  }

  close(): void {
    clearInterval(this.watch);
    const isOpen = this.next === null;
    this.next = null;
    if (isOpen) this.listener.close();
  }

  private look(files: CertificateFiles): void {
    if (this.next !== null) return;
    let stamp = "";
    try {
      stamp = stampOf(files);
      if (stamp === this.seen) return;
      this.next = identityOf(this.options);
      this.listener.close();
    } catch (error) {
      if (stamp !== this.seen) this.tell(error);
    }
    this.seen = stamp;
  }

  /** @throws when somebody else was faster to have the address: to be tried again. */
  private listenAnew(next: Identity): void {
    let failure: unknown = null;
    try {
      this.listener = Deno.listenTls({ ...this.where, ...next });
      this.identity = next;
    } catch (error) {
      failure = error;
      this.listener = Deno.listenTls({ ...this.where, ...this.identity });
    }
    this.next = null;
    this.tell(failure);
  }

  private tell(error: unknown): void {
    const { onReload } = this.options;
    onReload?.(error === null || error instanceof Error ? error : new Error(String(error)));
  }
}

/** Changes when a file is written, replaced, or another one is linked to. */
function stampOf({ certFile, keyFile }: CertificateFiles): string {
  return [certFile, keyFile]
    .map((file) => Deno.statSync(file))
    .map(({ dev, ino, size, mtime }) => `${dev} ${ino} ${size} ${mtime?.getTime()}`)
    .join(", ");
}
