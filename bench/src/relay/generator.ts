import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Order } from "./load/orders.ts";
import { cpuSeconds } from "./proc.ts";

const main = fileURLToPath(new URL("load/main.js", import.meta.url));

/** A process of the load generator. */
export class Generator {
  private readonly child: ChildProcess;

  constructor() {
    this.child = fork(main, { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  /** Gives an order and waits for its answer. One at a time. */
  tell(order: Order): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error("A process of the load generator has ended."));
      this.child.once("exit", ended);
      this.child.once("message", (answer) => {
        this.child.off("exit", ended);
        resolve(answer as Answer); // all that load/main.ts sends
      });
      this.child.send(order);
    });
  }

  get cpuSeconds(): number {
    return cpuSeconds(this.child.pid ?? 0);
  }

  stop(): void {
    this.child.kill("SIGKILL");
  }
}
