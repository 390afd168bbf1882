import { Command } from "commander";
import { inspectCommand } from "./inspect/index.ts";
import { playCommand } from "./play/index.ts";
import { publishCommand } from "./publish/index.ts";
import { serveCommand } from "./serve/index.ts";

const program: Command = new Command("millrace")
  .description("RTMP: a relay for encoders and players, and a look at what they say")
  .version("0.1.0")
  .addCommand(serveCommand())
  .addCommand(publishCommand())
  .addCommand(playCommand())
  .addCommand(inspectCommand());

await program.parseAsync();
