import { copyModule } from "./copy-module.ts";

/** What this file needs of WebAssembly, which is part of the engine like `Math` but not of TypeScript's `lib` for it. */
declare const WebAssembly:
  | undefined
  | {
      Module: new (code: Uint8Array) => object;
      Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
      Instance: new (module: object, imports: object) => { readonly exports: object };
    };

const PAGE = 65_536;

/** memory[from, from + length) to memory[to, …), which may overlap. Nothing is checked. */
export type CopyWithinSlab = (to: number, from: number, length: number) => void;

/** One array of bytes, and the fastest way there is here to copy within it. */
export interface Slab {
  readonly memory: Uint8Array;
  readonly copy: CopyWithinSlab;
}

export function makeSlab(size: number): Slab {
  return makeFastSlab(size) ?? makePlainSlab(size);
}

/** Null where there is no WebAssembly, not that of the module, or no address space for its memory. */
function makeFastSlab(size: number): Slab | null {
  if (typeof WebAssembly === "undefined") return null;
  try {
    const pages = Math.ceil(size / PAGE);
    const slab = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(copyModule), { slab: { memory: slab } });
    const { copy } = exports as { copy: CopyWithinSlab }; // the module's own
    return { memory: new Uint8Array(slab.buffer, 0, size), copy };
  } catch {
    return null;
  }
}

export function makePlainSlab(size: number): Slab {
  const memory = new Uint8Array(size);
  return { memory, copy: (to, from, length) => memory.copyWithin(to, from, from + length) };
}
