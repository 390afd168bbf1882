import { Session } from "node:inspector";

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}
interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

/** What of one module was executed: per character 0 for no code, 1 for code, 2 for code that ran. */
interface Module {
  readonly characters: Uint8Array;
  readonly blocks: Set<string>;
}

function nameOf(url: string, { startOffset, endOffset }: Range): string {
  return `${url}:${startOffset}-${endOffset}`;
}

const CODE = 1;
const RAN = 2;

/**
 * Which blocks of the code under test were executed, as V8 counts them. To be started before that code is loaded. One look
 * costs about 2 ms, so it is taken after many inputs.
 */
export class Coverage {
  private readonly session = new Session();
  private readonly modules = new Map<string, Module>();

  constructor() {
    this.session.connect();
    this.ask("Profiler.enable");
    this.start();
  }

  /** Counts again. */
  start(): void {
    this.ask("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Does not count: code runs five to thirty times as fast then. */
  stop(): void {
    this.ask("Profiler.stopPreciseCoverage");
  }

  /** Looks at what was executed since the last look. @returns the blocks among it that never were before. */
  take(covers: RegExp): Set<string> {
    const found = new Set<string>();
    for (const script of this.look(covers)) this.note(script, found);
    return found;
  }

  /** Takes those that were executed since the last look out of a set of blocks. @returns whether there were any. */
  claim(covers: RegExp, wanted: Set<string>): boolean {
    const before = wanted.size;
    for (const { url, functions } of this.look(covers)) {
      for (const { ranges } of functions) {
        for (const range of ranges) if (range.count > 0) wanted.delete(nameOf(url, range));
      }
    }
    return wanted.size < before;
  }

  /** How much of the functions that were ever called has run, in percent; and how many blocks did. */
  figures(covers: RegExp): { blocks: number; percent: number } {
    let code = 0;
    let ran = 0;
    let blocks = 0;
    for (const [url, module] of this.modules) {
      if (!covers.test(url)) continue;
      blocks += module.blocks.size;
      for (const character of module.characters) {
        if (character >= CODE) code++;
        if (character === RAN) ran++;
      }
    }
    return { blocks, percent: code === 0 ? 0 : (100 * ran) / code };
  }

  private look(covers: RegExp): Script[] {
    const { result } = this.ask("Profiler.takePreciseCoverage") as { result: Script[] }; // the protocol says so
    return result.filter(({ url }) => covers.test(url));
  }

  private note({ url, functions }: Script, found: Set<string>): void {
    const length = Math.max(0, ...functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0));
    let module = this.modules.get(url);
    if (module === undefined || module.characters.length < length) {
      const characters = new Uint8Array(length);
      if (module !== undefined) characters.set(module.characters);
      module = { characters, blocks: module?.blocks ?? new Set() };
      this.modules.set(url, module);
    }
    const { blocks, characters } = module;
    const known = blocks.size;
    for (const { ranges } of functions) {
      for (const range of ranges) {
        const name = nameOf(url, range);
        if (range.count === 0 || blocks.has(name)) continue;
        blocks.add(name);
        found.add(name);
      }
    }
    if (blocks.size > known) paint(functions, characters);
  }

  private ask(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    // A session that belongs to the own thread answers at once.
    this.session.post(method, parameters, (error, result) => {
      if (error !== null) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  }
}

/** Functions lie in functions, and blocks in both: the innermost range tells. */
function paint(functions: Script["functions"], characters: Uint8Array): void {
  const now = new Uint8Array(characters.length);
  for (const { ranges } of [...functions].sort((a, b) => lengthOf(b) - lengthOf(a))) {
    for (const { startOffset, endOffset, count } of ranges) now.fill(count > 0 ? RAN : CODE, startOffset, endOffset);
  }
  for (let at = 0; at < now.length; at++) characters[at] = Math.max(characters[at] ?? 0, now[at] ?? 0);
}

function lengthOf({ ranges }: { readonly ranges: readonly Range[] }): number {
  const [first] = ranges;
  return first === undefined ? 0 : first.endOffset - first.startOffset;
}
