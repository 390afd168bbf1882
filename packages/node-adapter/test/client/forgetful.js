// A process that begins to play and forgets about it: see sockets.test.ts. The package is as it was built.
import { connect } from "@millrace/node-adapter";

const client = await connect(process.argv[2], { highWaterMark: 1_000 });
await client.play("show").next();
