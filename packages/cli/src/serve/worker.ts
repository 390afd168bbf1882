// One of the processes of `millrace serve --workers`.
import { keepPausesShort } from "../heap.ts";

keepPausesShort();
const { runWorker } = await import("@millrace/node-adapter");
const [takeoverAfter] = process.argv.slice(2);
runWorker({ takeoverAfter: Number(takeoverAfter) });
