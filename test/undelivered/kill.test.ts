/**
 * A broker that is killed while it takes in what nobody listens for, and again while a listener drains it: everything that was
 * acknowledged reaches one of two listeners, once.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrokerProcess } from '../crash/broker-process.ts'
import { makeChance } from '../support/chance.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWire, staying, type WireClient } from '../support/wire-client.ts'

const root = temporaryDirectory()
const messages = 400
const rounds = 6

class Consumer {
  readonly name: string
  /** How often each message came as a new one, by its text. */
  readonly times = new Map<string, number>()
  readonly #inHand = new Set<number>()
  count = 0

  constructor(name: string) {
    this.name = name
  }

  async connect(port: number): Promise<WireClient> {
    const client = await openWire(`tcp://127.0.0.1:${port}`, 5)
    const connack = await client.connect(staying(5, this.name))
    if (!connack.sessionPresent) this.#inHand.clear()
    client.send({ type: 'subscribe', packetId: 1, subscriptions: [{ ...request }], properties: {} })
    return client
  }

  /** Takes what comes, until the broker closes or nothing more is due. */
  async take(client: WireClient, isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      let packet: Awaited<ReturnType<WireClient['nextOf']>>
      try {
        packet = await client.nextOf('publish', 'pubrel', 'suback')
      } catch {
        return
      }
      if (packet.type === 'publish') this.#receive(client, packet)
      else if (packet.type === 'pubrel') {
        this.#inHand.delete(packet.packetId)
        client.acknowledge('pubcomp', packet.packetId)
      }
    }
  }

  #receive(client: WireClient, packet: { qos: number; dup: boolean; packetId: number; payload: Buffer }): void {
    const { qos, dup, packetId } = packet
    const text = packet.payload.toString()
    const isRepeated = qos === 2 ? this.#inHand.has(packetId) : dup && this.times.has(text)
    if (qos === 2) this.#inHand.add(packetId)
    if (!isRepeated) this.times.set(text, (this.times.get(text) ?? 0) + 1)
    this.count += 1
    client.acknowledge(qos === 2 ? 'pubrec' : 'puback', packetId)
  }
}

const request = {
  topicFilter: 'order/#',
  qos: 2,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
} as const

/** Publishes until it is through or the broker is gone; returns what was acknowledged. */
async function publishAll(port: number, whenSent: (sent: number) => void): Promise<Set<string>> {
  using client = await openWire(`tcp://127.0.0.1:${port}`, 5)
  await client.connect(staying(5, 'publisher'))
  const acknowledged = new Set<string>()
  const texts = new Map<number, string>()
  let sent = 0
  const send = (): void => {
    sent += 1
    const qos = sent % 2 === 0 ? 2 : 1
    const text = `${sent} at ${qos}`
    texts.set(sent, text)
    client.publish({ topicName: `order/${sent % 3}`, payload: Buffer.from(text), qos, packetId: sent })
    whenSent(sent)
  }
  while (sent < 50) send()
  while (acknowledged.size < messages) {
    try {
      const packet = await client.nextOf('puback', 'pubrec', 'pubcomp')
      if (packet.type === 'pubrec') client.acknowledge('pubrel', packet.packetId)
      if (packet.type === 'pubcomp' || !('packetId' in packet) || packet.packetId === undefined) continue
      acknowledged.add(texts.get(packet.packetId) ?? '')
      if (sent < messages) send()
    } catch {
      break
    }
  }
  return acknowledged
}

test('killed while it holds and again while it drains, the broker loses and doubles nothing', async () => {
  const config = join(root, 'pabal.yaml')
  writeFileSync(config, 'topics:\n  - filter: order/#\n    whenNobody: hold\n')
  const chance = makeChance(4)
  for (let round = 0; round < rounds; round++) {
    const flags = ['--config', config, '--data', join(root, `${round}`)]
    const killed = new BrokerProcess(flags)
    const killAt = 50 + chance(messages)
    const acknowledged = await publishAll((await killed.ready()) ?? 0, (sent) => {
      if (sent === killAt) void killed.end('SIGKILL')
    })
    await killed.end('SIGKILL')
    const drained = new BrokerProcess(flags)
    const first = new Consumer('first')
    const second = new Consumer('second')
    const client = await first.connect((await drained.ready()) ?? 0)
    const enough = chance(acknowledged.size)
    await first.take(client, () => first.count >= enough)
    await drained.end('SIGKILL')
    const last = new BrokerProcess(flags)
    const port = (await last.ready()) ?? 0
    // The other one comes first: what the first has not got may be its, but nothing twice.
    using other = await second.connect(port)
    using again = await first.connect(port)
    const all = () => [...acknowledged].every((text) => first.times.has(text) || second.times.has(text))
    await Promise.all(
      [first.take(again, all), second.take(other, all)].map((taking) => Promise.race([taking, until(all)])),
    )
    for (const text of acknowledged) {
      const times = [first.times.get(text) ?? 0, second.times.get(text) ?? 0]
      assert.deepEqual(times.sort(), [0, 1], `round ${round}: message ${text} came ${times} times`)
    }
    await last.end('SIGTERM')
  }
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}
