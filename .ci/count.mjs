/** Says how many tests passed and failed, by vitest's report: node count.mjs REPORT. Fails when one failed, or none ran. */
import { readFileSync } from "node:fs";

const { testResults, numPassedTests, numFailedTests, numPendingTests, numTodoTests } = read(process.argv[2]);
// A file that cannot be loaded, or whose preparation fails, has tests that did not even run.
const unrun = testResults.filter(
  ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
);
const failed = numFailedTests + unrun.length;
process.stdout.write(`ci: ${numPendingTests + numTodoTests} skipped\n${numPassedTests} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || numPassedTests === 0 ? 1 : 0;

function read(file) {
  const text = readFileSync(file, "utf8");
  if (text !== "") return JSON.parse(text);
  return { testResults: [], numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
}
