import { styleText } from "node:util";

/** Makes coloured text, or leaves it alone where nobody sees colours. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** For a stream that is a terminal, unless its user wants no colours (no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }): Paint {
  const wanted = stream.isTTY === true && (process.env["NO_COLOR"] ?? "") === "";
  // The stream was looked at above: Node would look at standard output instead.
  return wanted ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text;
}
