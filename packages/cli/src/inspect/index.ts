export { inspectCommand } from "./command.ts";
