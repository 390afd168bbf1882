import type { Amf3Reader } from "./amf3-reader.ts";
import type { Amf3Writer } from "./amf3-writer.ts";
import type { AmfValue } from "./values.ts";

/** What of {@link Amf3Reader} is for the reader of an externalizable class. */
export type Amf3Input = Pick<
  Amf3Reader,
  "read" | "readUint8" | "readUint29" | "readDouble" | "readUtf" | "readBytes" | "refuse" | "error"
>;

/** What of {@link Amf3Writer} is for the writer of an externalizable class. */
export type Amf3Output = Pick<
  Amf3Writer,
  "write" | "writeUint8" | "writeUint29" | "writeDouble" | "writeUtf" | "writeBytes"
>;

/** How the objects of an externalizable class are read and written: only the class knows (AMF3 3.12). */
export interface AmfExternalClass {
  /**
   * Reads what follows the name of the class, and no byte more: nothing else says where it ends. Once there is an `error`
   * all that is read is empty, and what is returned here counts no more.
   *
   * @returns what becomes the `content` of the {@link AmfExternal}.
   */
  read(input: Amf3Input): AmfValue;
  /** Writes what {@link read} reads. */
  write(output: Amf3Output, content: AmfValue): void;
}

/** The externalizable classes that are known, by name: `new Map([...flexClasses, ["org.example.Track", trackClass]])`. */
export type AmfExternalClasses = ReadonlyMap<string, AmfExternalClass>;

const wrapper: AmfExternalClass = {
  read: (input) => input.read(),
  write: (output, content) => output.write(content),
};

/** The classes that Flex wraps values into. Each writes the one value in it: an array, or the object behind the proxy. */
export const flexClasses: AmfExternalClasses = new Map([
  ["flex.messaging.io.ArrayCollection", wrapper],
  ["flex.messaging.io.ArrayList", wrapper],
  ["flex.messaging.io.ObjectProxy", wrapper],
]);
