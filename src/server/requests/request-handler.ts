/**
 * How one kind of request is answered. A handler is an object of this type; `handlers.ts` has them by their names.
 */
import type { BrokerCore } from '../../core/broker.ts'
import type { Row } from '../../core/query/row.ts'
import type { CoreState } from '../../core/state.ts'
import type { Turn } from '../../core/turn.ts'
import type { Store } from '../../store/store.ts'
import type { Bans } from '../bans/bans.ts'
import type { ClientHistory } from '../client-history.ts'
import type { Fields, FieldTypes } from './request-fields.ts'

/** What a handler may use to answer. */
export interface Asked {
  /** To look at. What changes it goes through `act`. */
  readonly state: CoreState
  readonly store: Store
  readonly bans: Bans
  readonly history: ClientHistory
  /** What whoever asks is called: an account, or the Client Identifier it has chosen without one; an administrator, or its key. */
  readonly askedBy: string
  readonly nowMs: number
  readonly fields: Fields
  /** Hands the core an input and carries out what it decides. */
  act<Result>(give: (core: BrokerCore, nowMs: number, turn: Turn) => Result): Result
  /** Resolves in a later turn of the event loop, for what is better done in parts. */
  othersFirst(): Promise<void>
}

/** Pulled one step at a time; null is a step without a row. */
export type Rows = Iterator<Row | null, unknown> | AsyncIterator<Row | null, unknown>

export interface RequestAnswer {
  /** Members of the answer's first page. */
  readonly facts: Row
  /** Sent in pages, each under `name`. */
  readonly list?: { readonly name: string; readonly rows: Rows }
}

export interface RequestHandler {
  readonly permission: 'observe' | 'admin'
  /** What the payload may hold besides `limit` and `cursor`. */
  readonly fields: FieldTypes
  /** A payload that is no JSON object is the value of this field. */
  readonly bareField?: string
  /** What the permission is asked for: a Topic Name or Topic Filter. Default `#`: everything. */
  readonly topicOf?: (fields: Fields) => string
  /** What even a client without the permission is told; default: that it has none. */
  readonly withoutPermission?: (asked: Asked) => Row
  /** @throws RequestFault */
  answer(asked: Asked): RequestAnswer | Promise<RequestAnswer>
}
