// One of the processes of `millrace serve --workers`.
import { runWorker } from "@millrace/node-adapter";
import { keepPausesShort } from "./heap.ts";

keepPausesShort();
const [takeoverAfter] = process.argv.slice(2);
runWorker({ takeoverAfter: Number(takeoverAfter) });
