export type { HookAnswer as Answer, HookRefusal as Refusal, Hooks, Peer, ServerEvent } from "@millrace/core";
