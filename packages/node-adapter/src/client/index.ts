export { connect } from "./connect.ts";
export type { ClientOptions } from "./options.ts";
