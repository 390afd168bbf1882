export { connect } from "./connect.ts";
export type { ClientOptions, ClientTls } from "./options.ts";
