import { MessageType } from "@millrace/core/chunk";

const names = new Map<number, string>(Object.entries(MessageType).map(([name, type]) => [type, name]));

/** The name of a message type as in `MessageType`; null for one that no specification defines. */
export function typeName(type: number): string | null {
  return names.get(type) ?? null;
}
