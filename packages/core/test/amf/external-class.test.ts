import { describe, expect, it } from "vitest";
import {
  Amf0Reader,
  Amf0Writer,
  type Amf3Input,
  type Amf3Output,
  Amf3Reader,
  Amf3Writer,
  AmfExternal,
  type AmfExternalClass,
  type AmfValue,
  flexClasses,
} from "../../src/amf/index.ts";
import { ErrorCode, ProtocolError } from "../../src/errors.ts";
import { limitsWith } from "../../src/limits.ts";
import { readCommand } from "../../src/message/index.ts";
import { bytesOf, decode, decode3, encodeWith, failure3, hexOf, sameGraph } from "./amf.ts";

/** A track: flags, a length, a number, its name, some bytes, and a value. */
const track: AmfExternalClass = {
  read(input: Amf3Input): AmfValue {
    const flags = input.readUint8();
    if (flags > 1) input.refuse(`A track has no flags ${flags}.`);
    return [flags, input.readUint29(), input.readDouble(), input.readUtf(), input.readBytes(2), input.read()];
  },
  write(output: Amf3Output, content: AmfValue): void {
    if (!Array.isArray(content)) throw new TypeError("The content of a track is an array.");
    const [flags, length, rate, name, code, more] = content;
    output.writeUint8(Number(flags));
    output.writeUint29(Number(length));
    output.writeDouble(Number(rate));
    output.writeUtf(String(name));
    if (code instanceof Uint8Array) output.writeBytes(code);
    output.write(more);
  },
};
const classes = new Map([...flexClasses, ["Track", track]]);
const reader = new Amf3Reader(undefined, undefined, { classes });
const hex = "0a070b547261636b" + "01" + "8100" + "3ff8000000000000" + "0002c3a9" + "0102" + "0600";

describe("externalizable classes", () => {
  it("are read and written by whoever registered them, with the tables of the message", () => {
    const value = new AmfExternal("Track", [1, 128, 1.5, "é", Uint8Array.of(1, 2), "Track"]);
    expect(decode(hex, reader)).toEqual([value]);
    expect(hexOf(encodeWith(new Amf3Writer(undefined, classes), [value]))).toBe(hex);
  });

  it("are read and written within AMF0 and commands", () => {
    const [value] = decode(hex, reader);
    const within = new Amf0Reader(undefined, undefined, { classes });
    expect(decode(`11${hex}05`, within)).toEqual([value, null]);
    expect(hexOf(encodeWith(new Amf0Writer(undefined, classes), [value, null]))).toBe(`11${hex}05`);
    const command = bytesOf(`00 02000178 000000000000000000 05 11${hex}`);
    expect(readCommand(command, 0, command.length, true, limitsWith({}), { classes })).toMatchObject({
      arguments: [value],
    });
    expect(readCommand(command, 0, command.length, true, limitsWith({}))).toMatchObject({
      code: ErrorCode.AmfUnknownExternalizable,
    });
  });

  it("end early in an error, not in an exception", () => {
    const whole = bytesOf(hex);
    for (let length = 0; length < whole.length; length++) {
      const found = failure3(whole.subarray(0, length), reader);
      expect(found?.code ?? ErrorCode.AmfTruncated).toBe(ErrorCode.AmfTruncated);
      expect(found?.offset ?? 0).toBeLessThanOrEqual(length);
      if (length > 0) expect(found).not.toBeNull();
    }
  });

  it("may refuse what they find", () => {
    reader.reset(bytesOf(hex.replace("6b018100", "6b028100")));
    expect(reader.read()).toBeUndefined();
    expect(reader.error).toBeInstanceOf(ProtocolError);
    expect(reader.error).toMatchObject({
      code: ErrorCode.AmfExternalizableMalformed,
      message: "A track has no flags 2.",
      offset: 9,
    });
  });

  it("count in depth, however they read", () => {
    const nested: AmfExternalClass = { read: (input) => [input.read()], write: () => undefined };
    const deep = new Amf3Reader(undefined, undefined, { classes: new Map([["N", nested]]) });
    const message = `0a07034e${"0a01".repeat(100)}`;
    expect(failure3(message, deep)).toEqual({ code: ErrorCode.AmfDepthLimit, offset: 4 + 32 * 2 });
  });

  it("can be referred to from their own content", () => {
    const list = new AmfExternal("flex.messaging.io.ArrayList", null);
    list.content = [list];
    const [read] = decode3(encodeWith(new Amf3Writer(), [list]));
    expect(sameGraph(list, read)).toBe(true);
  });
});
