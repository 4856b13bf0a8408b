/**
 * Node's HTTP servers, for all who need one.
 *
 * Not by `import`, which asks a module for everything it exports: `node:http` then loads the client behind `fetch`, and that takes as
 * long as half of the broker.
 */
export const http = process.getBuiltinModule('node:http')
export const https = process.getBuiltinModule('node:https')
