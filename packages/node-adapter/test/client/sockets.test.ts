// What is of Node in the client; what all adapters do is in the conformance suite.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { MessageType } from "@millrace/core";
import { expect, it } from "vitest";
import { videoFrame } from "../house.ts";
import { Stand } from "./stand.ts";

it("keeps no process alive that has ceased to fetch what it plays", async () => {
  const stand = await Stand.open();
  const publication = await (await stand.connect()).publish("show");
  const file = fileURLToPath(new URL("forgetful.js", import.meta.url));
  const child = spawn(process.execPath, [file, stand.url], { stdio: ["ignore", "inherit", "inherit"] });
  const exited = once(child, "exit");
  await stand.reported("play");
  // More than what Node reads ahead.
  for (let number = 0; number < 100; number++) {
    const payload = videoFrame(number, 10_000);
    await publication.send({ messageType: MessageType.Video, timestamp: number, payload });
  }
  expect(await exited).toEqual([0, null]);
  await stand.close();
});
