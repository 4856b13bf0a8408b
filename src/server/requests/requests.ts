/**
 * Answers what clients ask of the broker itself: finds the handler, asks for the permission, pages the answer.
 *
 * One request of a connection is answered at a time and in order, and all of them together do a bounded piece of work in each
 * turn of the event loop: traffic goes on meanwhile.
 */
import type { BrokerCore } from '../../core/broker.ts'
import type { Connection } from '../../core/connection/connection.ts'
import type { Row } from '../../core/query/row.ts'
import type { BrokerRequest } from '../../core/session/requests.ts'
import type { Turn } from '../../core/turn.ts'
import type { Store } from '../../store/store.ts'
import type { AdminAnswer, AdminQuestion } from '../admin-part.ts'
import type { Bans } from '../bans/bans.ts'
import type { ClientHistory } from '../client-history.ts'
import type { Gatekeeper } from '../gatekeeper.ts'
import { type AdminRequestEvent, adminRequest } from './admin-request.ts'
import { Cursors, type OpenAnswer } from './cursors.ts'
import { handlers } from './handlers.ts'
import { type PageBounds, pullPage } from './pages.ts'
import { missingPermission, quoted, RequestFault, unknownName } from './request-fault.ts'
import { checkFields, type Fields, readFields } from './request-fields.ts'
import type { Asked, RequestAnswer, RequestHandler } from './request-handler.ts'
import { Slices } from './slices.ts'

/** What is needed of the shell. */
export interface RequestsHost {
  readonly core: BrokerCore
  readonly store: Store
  readonly bans: Bans
  readonly history: ClientHistory
  readonly gatekeeper: Gatekeeper
  nowMs(): number
  /** Hands the core an input and carries out what it decides; does nothing once the broker has stopped. */
  act<Result>(give: (core: BrokerCore, nowMs: number, turn: Turn) => Result): Result
  readonly isStopped: boolean
  /** Resolves when all that was decided so far is durable. */
  durable(): Promise<void>
  /** Something that only an administrator may do was asked for. */
  audit(event: AdminRequestEvent): void
}

/** What one connection has asked and not been told yet, and where it is in long answers. */
class Asker {
  readonly waiting: BrokerRequest[] = []
  readonly cursors = new Cursors()
  isBusy = false
}

const rowsUsual = 100
const rowsMax = 1000
const pageBytesMax = 256 * 1024
/** Left in a packet for everything but the rows: Topic Name, properties, the facts of the first page. */
const packetRestBytes = 4096
/** Of a PUBLISH besides its Topic Name and payload; Correlation Data are short. */
const packetHeadBytes = 256
const waitingMax = 100

export class Requests {
  readonly slices = new Slices()
  readonly #host: RequestsHost
  readonly #askers = new WeakMap<Connection, Asker>()

  constructor(host: RequestsHost) {
    this.#host = host
  }

  take(requests: readonly BrokerRequest[]): void {
    for (const request of requests) {
      const asker = this.#askerOf(request.connection)
      if (asker.waiting.length >= waitingMax) {
        const found = `${waitingMax} requests that wait for their answers`
        const fault = new RequestFault(found, 'fewer at a time', 'wait for an answer before you ask again')
        this.#send(request, faultAnswer(request.name, fault))
        continue
      }
      asker.waiting.push(request)
      if (!asker.isBusy) void this.#work(asker)
    }
  }

  /** The connection is gone, and with it the cursors it was given. */
  forget(connection: Connection): void {
    this.#askers.get(connection)?.cursors.dropAll()
  }

  #askerOf(connection: Connection): Asker {
    let asker = this.#askers.get(connection)
    if (asker === undefined) {
      asker = new Asker()
      this.#askers.set(connection, asker)
    }
    return asker
  }

  async #work(asker: Asker): Promise<void> {
    asker.isBusy = true
    for (let request = asker.waiting.shift(); request !== undefined; request = asker.waiting.shift()) {
      const answer = await this.#answer(request, asker.cursors)
      if (this.#host.isStopped) return
      this.#send(request, fitting(request, answer))
    }
    asker.isBusy = false
  }

  #send(request: BrokerRequest, answer: string): void {
    this.#host.act((core, nowMs, turn) => core.answerRequest(request, Buffer.from(answer), nowMs, turn))
  }

  /** The text to send; what goes wrong is said in it. */
  async #answer(request: BrokerRequest, cursors: Cursors): Promise<string> {
    const { name } = request
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
    let fields: Fields | null = null
    try {
      if (handler === undefined) throw unknownName('one of these requests', name, Object.keys(handlers))
      fields = readFields(request.payload, handler.fields, handler.bareField ?? null)
      const cursor = fields.text('cursor')
      return cursor === null
        ? await this.#begin(request, handler, fields, cursors)
        : await this.#goOn(request, handler, fields, cursor, cursors)
    } catch (error) {
      const fault = this.#faultOf(error)
      if (handler?.permission === 'admin') {
        this.#host.audit(adminRequest(request, fields, 'refused', fault.message, this.#host.nowMs()))
      }
      return faultAnswer(name, fault)
    }
  }

  #faultOf(error: unknown): RequestFault {
    if (error instanceof RequestFault) return error
    this.#host.gatekeeper.reportFault(error)
    return new RequestFault('a failure of the broker', 'an answer', 'look at what the broker has logged')
  }

  async #begin(request: BrokerRequest, handler: RequestHandler, fields: Fields, cursors: Cursors): Promise<string> {
    const { gatekeeper } = this.#host
    const topic = handler.topicOf?.(fields) ?? '#'
    const isPermitted = await gatekeeper.permits(request.connection, handler.permission, topic)
    // What a long answer rests on is looked at in a slice of its own.
    await this.slices.turn()
    const nowMs = this.#host.nowMs()
    const asked = this.#asked(fields, nameOf(request), nowMs)
    const head = { type: request.name, atMs: nowMs }
    if (!isPermitted) {
      if (handler.withoutPermission === undefined) throw missingPermission(handler.permission, topic)
      const facts = handler.withoutPermission(asked)
      return JSON.stringify({ ...head, ...facts, missingPermission: handler.permission })
    }
    const { facts, list }: RequestAnswer = await handler.answer(asked)
    if (handler.permission === 'admin') {
      await this.#host.durable()
      this.#host.audit(adminRequest(request, fields, 'done', facts, this.#host.nowMs()))
    }
    if (list === undefined) return JSON.stringify({ ...head, ...facts })
    const answer = { requestName: request.name, listName: list.name, topic, rows: list.rows }
    return this.#page(request, fields, { ...head, ...facts }, answer, cursors)
  }

  #asked(fields: Fields, askedBy: string, nowMs: number): Asked {
    const { core, store, bans, history } = this.#host
    const act: Asked['act'] = (give) => this.#host.act(give)
    const othersFirst = () => this.slices.turn()
    return { state: core.state, store, bans, history, askedBy, nowMs, fields, act, othersFirst }
  }

  /** Answers an administrator, whom the host has let in already. @throws RequestFault */
  async ask({ name, fields: values, askedBy, cursors, bounds }: AdminQuestion): Promise<AdminAnswer> {
    const handler = handlerOf(name)
    const fields = checkFields(Object.entries(values), handler.fields)
    const cursor = fields.text('cursor')
    await this.slices.turn()
    const nowMs = this.#host.nowMs()
    if (cursor !== null) {
      const answer = takeAnswer(cursors, cursor, name, nowMs, 'by whoever it was sent to')
      return { atMs: nowMs, facts: {}, ...(await this.#adminPage(answer, cursors, bounds)) }
    }
    const { facts, list } = await handler.answer(this.#asked(fields, askedBy, nowMs))
    if (handler.permission === 'admin') await this.#host.durable()
    if (list === undefined) return { atMs: nowMs, facts, rows: null, cursor: null }
    const answer = { requestName: name, listName: list.name, topic: '#', rows: list.rows }
    return { atMs: nowMs, facts, ...(await this.#adminPage(answer, cursors, bounds)) }
  }

  async #adminPage(answer: OpenAnswer, cursors: Cursors, bounds: PageBounds) {
    const { rows, isLast } = await pullPage(answer.rows, this.slices, bounds)
    return { rows, cursor: isLast ? null : cursors.keep(answer, this.#host.nowMs()) }
  }

  async #goOn(
    request: BrokerRequest,
    { permission }: RequestHandler,
    fields: Fields,
    cursor: string,
    cursors: Cursors,
  ): Promise<string> {
    const nowMs = this.#host.nowMs()
    const answer = takeAnswer(cursors, cursor, request.name, nowMs, 'on the connection it was sent to')
    // It may have been taken away since the page before.
    if (!(await this.#host.gatekeeper.permits(request.connection, permission, answer.topic))) {
      answer.rows.return?.()
      throw missingPermission(permission, answer.topic)
    }
    return this.#page(request, fields, { type: request.name, atMs: nowMs }, answer, cursors)
  }

  async #page(
    request: BrokerRequest,
    fields: Fields,
    head: Row,
    answer: OpenAnswer,
    cursors: Cursors,
  ): Promise<string> {
    const { connection } = request
    const asked = Math.min(fields.count('limit') ?? rowsUsual, rowsMax)
    const bytesMax = Math.min(pageBytesMax, connection.maximumPacketSize - packetRestBytes)
    const { rows, isLast } = await pullPage(answer.rows, this.slices, { rowsMax: asked, bytesMax })
    const keeps = !isLast && !connection.isClosed
    if (!isLast && !keeps) answer.rows.return?.()
    const cursor = keeps ? cursors.keep(answer, this.#host.nowMs()) : null
    const start = JSON.stringify(head).slice(0, -1)
    return `${start},${JSON.stringify(answer.listName)}:[${rows.join(',')}],"cursor":${JSON.stringify(cursor)}}`
  }
}

/** What the broker has made up says nothing. */
function nameOf({ session: { account, clientIdentifier }, connection }: BrokerRequest): string {
  if (account !== '') return account
  return connection.hasOwnClientIdentifier ? clientIdentifier : ''
}

/** @throws RequestFault */
function handlerOf(name: string): RequestHandler {
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
  if (handler === undefined) throw unknownName('one of these requests', name, Object.keys(handlers))
  return handler
}

/** @throws RequestFault */
function takeAnswer(cursors: Cursors, cursor: string, name: string, nowMs: number, where: string): OpenAnswer {
  const answer = cursors.take(cursor, name, nowMs)
  if (answer !== null) return answer
  const expected = `the cursor of the last page, ${where}, within a minute`
  throw new RequestFault(quoted(cursor), expected, 'ask again without a cursor')
}

/** What the client could not take would never reach it, and it would wait in vain. */
function fitting({ name, connection, replyTopicName }: BrokerRequest, answer: string): string {
  const bytes = Buffer.byteLength(answer) + Buffer.byteLength(replyTopicName) + packetHeadBytes
  if (bytes <= connection.maximumPacketSize) return answer
  const found = `an answer of ${bytes} bytes`
  const expected = `at most ${connection.maximumPacketSize} bytes, the Maximum Packet Size of CONNECT`
  return faultAnswer(name, new RequestFault(found, expected, 'connect with a higher one'))
}

function faultAnswer(name: string, { found, expected, advice }: RequestFault): string {
  return JSON.stringify({ type: name, error: { found, expected, advice } })
}
