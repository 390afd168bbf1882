/** So much of node:url as core's tests use. */
export function fileURLToPath(url: URL): string {
  return url.pathname;
}
