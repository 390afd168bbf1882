import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A key, and a certificate for this machine that nobody but its owner has signed. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

// Made once, for a hundred years, so that the tests need no openssl:
//   openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -keyout first.key -out first.crt \
//     -subj /CN=first -addext subjectAltName=DNS:localhost,IP:127.0.0.1
const made = fileURLToPath(new URL("certificates", import.meta.url));

/** One of those that were made, in files that the test may change. */
export function makeCertificate(folder: string, name: "first" | "second" | "interop"): Certificate {
  const [certFile, keyFile] = [`${name}.crt`, `${name}.key`].map((file) => {
    copyFileSync(join(made, file), join(folder, file));
    return join(folder, file);
  }) as [string, string]; // as many as there were names
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}
