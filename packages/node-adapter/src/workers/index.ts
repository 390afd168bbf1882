export { startWorkers, type Workers, type WorkersEvent, type WorkersOptions } from "./primary.ts";
export { runWorker } from "./worker.ts";
