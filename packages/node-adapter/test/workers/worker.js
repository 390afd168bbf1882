// One process of the servers in workers.test.ts: the package as it was built, with a hook of its own.
import { runWorker } from "@millrace/node-adapter";

runWorker({
  ...JSON.parse(process.argv[2]),
  onPublish: async ({ name }) => name !== "forbidden",
});
