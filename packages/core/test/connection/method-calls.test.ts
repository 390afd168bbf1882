import { expect, it } from "vitest";
import type { AmfValue } from "../../src/amf/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { MethodCalls, type Methods } from "../../src/connection/index.ts";
import { encodeValues } from "../../src/message/index.ts";
import { TestClient } from "./client.ts";

/** What a peer hears when it calls a method, and the faults that the application is told of. */
async function call(methods: Methods<null>, payload: Uint8Array): Promise<{ heard: string[]; faults: unknown[] }> {
  const client = TestClient.connected();
  const faults: unknown[] = [];
  await new Promise<void>((onAnswered) => {
    const onFault = (error: unknown): unknown => faults.push(error);
    const calls = new MethodCalls(client.connection, { methods, caller: null, most: 4, onAnswered, onFault });
    client.onCommand = () => calls.takeCommand();
    client.setChunkSize(65_536);
    client.send(MessageType.CommandAmf0, 0, payload);
  });
  return { heard: client.hear().filter((line) => line.includes(" 5 ")), faults };
}

/** In AMF3 an array of one text and of many references to it: 15 KB that are 20 MB when they are written out. */
function manyTexts(): Uint8Array {
  const [length, count] = [10_000, 2_000];
  const uint29 = (value: number): number[] => [(value >> 14) | 0x80, ((value >> 7) & 0x7f) | 0x80, value & 0x7f];
  const text = [6, ...uint29((length << 1) | 1), ...new Array<number>(length).fill(0x61)];
  const references = Array.from({ length: count - 1 }, () => [6, 0]).flat();
  const array = [0x11, 9, ...uint29((count << 1) | 1), 1, ...text, ...references];
  return Uint8Array.from([...encodeValues("echo", 5, null), ...array]);
}

const failed =
  '[3/0] "_error" 5 null {level: "error", code: "NetConnection.Call.Failed", description: "The method failed."}';

it("a method that answers what its caller sent is not led to answer more than a message can hold", async () => {
  const { heard, faults } = await call({ echo: ([value]) => value }, manyTexts());
  expect(heard).toEqual([failed]);
  expect(faults).toEqual([expect.any(RangeError)]);
});

it("a method that answers what is no value of AMF fails", async () => {
  // A method in JavaScript may answer anything.
  const wrong = { echo: () => ({ plain: "object" }) as unknown as AmfValue };
  const { heard, faults } = await call(wrong, encodeValues("echo", 5, null));
  expect(heard).toEqual([failed]);
  expect(faults).toEqual([expect.any(TypeError)]);
});
