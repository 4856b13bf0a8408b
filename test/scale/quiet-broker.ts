/**
 * A broker without a network: clients are objects, so that a test may have a hundred thousand of them. The store, the core
 * and what carries out Turns are the real ones.
 */
import type { Connection } from '../../src/core/connection/connection.ts'
import { defaultLimits, type Limits } from '../../src/core/limits.ts'
import type { OutgoingPublish, OutgoingToConnection } from '../../src/core/turn.ts'
import { type ControlPacket, type PublishFields, publish } from '../../src/protocol/index.ts'
import { Gatekeeper } from '../../src/server/gatekeeper.ts'
import type { Link } from '../../src/server/link.ts'
import { snapshotEveryBytesDefault } from '../../src/server/options.ts'
import { Shell } from '../../src/server/shell.ts'
import type { Store } from '../../src/store/store.ts'

const origin = { remoteAddress: 'test', listener: 'test', assignedClientIdentifier: '', tellsPublisher: true }

export class QuietBroker {
  readonly shell: Shell
  readonly failed: Promise<never>

  constructor(store: Store, limits: Partial<Limits> = {}, snapshotEveryBytes = snapshotEveryBytesDefault) {
    const options = {
      limits: { ...defaultLimits, ...limits },
      asksAuthentication: false,
      authenticationMethods: new Set<string>(),
      asksAuthorization: false,
      responseTopicPrefix: null,
      whenQueueFull: 'spill',
      isDurable: store.isDurable,
      snapshotEveryBytes,
      acceptLoss: false,
    } as const
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    const gatekeeper = new Gatekeeper({
      authenticate: undefined,
      authorize: undefined,
      authenticationMethods: [],
      permissions: {},
      access: () => null,
      reportFault: reject,
    })
    this.shell = new Shell(
      options,
      gatekeeper,
      store,
      { report: () => {}, audit: () => {}, storeTakes: () => {}, failed: reject, grew: () => {} },
      Date.now,
    )
  }

  /** Connects, with a Session that never ends. */
  connect(
    clientIdentifier: string,
    onPublish: (outgoing: OutgoingPublish) => void = () => {},
    receiveMaximum = 65_535,
  ): QuietClient {
    const client = new QuietClient(this.shell, onPublish)
    client.receive({
      type: 'connect',
      protocolVersion: 5,
      cleanStart: false,
      keepAliveSeconds: 0,
      clientIdentifier,
      will: null,
      userName: null,
      password: null,
      properties: { sessionExpiryInterval: 0xffff_ffff, receiveMaximum },
    })
    return client
  }

  publish(fields: PublishFields): void {
    const { shell } = this
    shell.core.publishLocally(publish(fields), 0, shell.nowMs(), shell.turn)
    shell.run()
  }

  /** Resolves when what was done so far is in the store. */
  async settled(): Promise<void> {
    await new Promise(setImmediate)
    await this.shell.idle()
  }
}

export class QuietClient implements Link {
  readonly #shell: Shell
  readonly #connection: Connection
  readonly #onPublish: (outgoing: OutgoingPublish) => void
  #toAcknowledge: number[] = []

  constructor(shell: Shell, onPublish: (outgoing: OutgoingPublish) => void) {
    this.#shell = shell
    this.#onPublish = onPublish
    this.#connection = shell.core.open(this, origin, shell.nowMs())
  }

  receive(packet: ControlPacket): void {
    const shell = this.#shell
    shell.core.receive(this.#connection, packet, shell.nowMs(), shell.turn)
    shell.run()
  }

  subscribe(...topicFilters: string[]): void {
    const subscriptions = topicFilters.map((topicFilter) => {
      return { topicFilter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
    })
    this.receive({ type: 'subscribe', packetId: 1, subscriptions, properties: {} })
  }

  leave(): void {
    this.receive({ type: 'disconnect', reasonCode: 0, properties: {} })
  }

  send(outgoing: OutgoingToConnection): void {
    if (outgoing.type === 'milestone') {
      for (const held of this.#shell.core.reachMilestone(this.#connection)) this.send(held)
    } else if (outgoing.type === 'publish') {
      this.#onPublish(outgoing)
      if (this.#toAcknowledge.length === 0) this.#shell.flushing.soon(this)
      this.#toAcknowledge.push(outgoing.packetId)
    }
  }

  /** What was sent in this turn of the event loop has arrived, and is acknowledged. */
  flush(): void {
    const { core, turn } = this.#shell
    const nowMs = this.#shell.nowMs()
    core.flushed(this.#connection, 0, nowMs, turn)
    for (const packetId of this.#toAcknowledge.splice(0)) {
      core.receive(this.#connection, { type: 'puback', packetId, reasonCode: 0, properties: {} }, nowMs, turn)
    }
  }
}
