/** A worker, as far as the registry knows it. */
export interface Owner {
  readonly id: number;
  /** Whether its process has ended. */
  readonly isGone: boolean;
  /** Frees a path that the worker owns, if its publisher gives way there. */
  yields(path: string): Promise<boolean>;
}

/** Which worker publishes what: at most one each path. */
export class Registry {
  private readonly owners = new Map<string, Owner>();
  private readonly onChange: (path: string, worker: number | null) => void;

  constructor(onChange: (path: string, worker: number | null) => void) {
    this.onChange = onChange;
  }

  /** The worker of each path that is published. */
  *entries(): Iterable<[path: string, worker: number]> {
    for (const [path, { id }] of this.owners) yield [path, id];
  }

  /** @returns whether the path is the claimant's now. Between its own publishers a worker decides by itself. */
  async claim(path: string, claimant: Owner): Promise<boolean> {
    let owner = this.owners.get(path);
    while (owner !== undefined && owner !== claimant) {
      if (!(await owner.yields(path))) return false;
      // Another claimant may have been quicker: then it is asked in its turn.
      if (this.owners.get(path) === owner) this.owners.delete(path);
      owner = this.owners.get(path);
    }
    if (claimant.isGone) {
      // Its owner gave way for nothing.
      if (owner === undefined) this.onChange(path, null);
      return false;
    }
    if (owner === undefined) {
      this.owners.set(path, claimant);
      this.onChange(path, claimant.id);
    }
    return true;
  }

  release(path: string, owner: Owner): void {
    if (this.owners.get(path) !== owner) return;
    this.owners.delete(path);
    this.onChange(path, null);
  }

  /** A worker is gone, and all its publishers with it. */
  releaseAll(owner: Owner): void {
    for (const [path, candidate] of [...this.owners]) if (candidate === owner) this.release(path, owner);
  }
}
