export { publishCommand } from "./command.ts";
