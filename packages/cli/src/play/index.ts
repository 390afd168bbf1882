export { playCommand } from "./command.ts";
