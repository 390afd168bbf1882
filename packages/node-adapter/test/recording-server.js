// A server that records, to be killed. Plain JavaScript on built code: no loader stands between.
import { createServer, folderStorage } from "@millrace/node-adapter";

const [, , folder = ""] = process.argv;
const server = createServer({ recordings: folderStorage(folder) });
await server.listen(0, "127.0.0.1");
process.stdout.write(`${server.address?.port}\n`);
