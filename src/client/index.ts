/**
 * `pabal/client`: the HTTP API of a broker, typed, with nothing but `fetch`.
 */
export type * from '../admin/api-types.ts'
export { ApiError } from './api-error.ts'
export type { PabalClientOptions, RequestOptions } from './connection.ts'
export type { EventsOptions, StreamOpened, TryOutOptions } from './event-stream.ts'
export { List } from './list.ts'
export { PabalClient, type PublishOptions } from './pabal-client.ts'
