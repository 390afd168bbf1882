import { openFiles, residentBytes } from "./proc.ts";

interface Sample {
  /** By performance.now(). */
  readonly time: number;
  readonly resident: number;
  readonly files: number;
}

/** Looks at a process twice a second. */
export class Watch {
  readonly samples: Sample[] = [];
  private readonly pid: number;
  private readonly timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.pid = pid;
    this.timer = setInterval(() => this.look(), 500);
    this.look();
  }

  look(): Sample {
    const sample = { time: performance.now(), resident: residentBytes(this.pid), files: openFiles(this.pid) };
    this.samples.push(sample);
    return sample;
  }

  since(time: number): Sample[] {
    return this.samples.filter((sample) => sample.time >= time);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
