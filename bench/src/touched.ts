let memory: Uint8Array = new Uint8Array(0);

/** Memory to copy to. The operating system has given its pages already, so that this is not measured. */
export function touched(length: number): Uint8Array {
  if (memory.length < length) memory = new Uint8Array(length).fill(1);
  return memory;
}
