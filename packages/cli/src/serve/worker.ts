// One of the processes of `millrace serve --workers`.
import { keepPausesShort } from "../heap.ts";

keepPausesShort();
const { runWorker } = await import("@millrace/node-adapter");
const { optionsOf, pushAll } = await import("./settings.ts");
const [json = ""] = process.argv.slice(2);
// written by the process that started this one
const settings = JSON.parse(json) as import("./settings.ts").ServerSettings;
pushAll(runWorker(optionsOf(settings)), settings);
