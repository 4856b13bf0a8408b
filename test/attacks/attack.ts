/**
 * An attack on a broker in a process of its own: how much more memory it takes at the worst moment, and whether others are served when
 * the attack is over.
 *
 * The broker may take 384 MiB (limit memoryBytesMax); what is promised is that it never takes a fifth more.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrokerProcess } from '../crash/broker-process.ts'
import { openWire, type WireClient } from '../support/wire-client.ts'

const mebibyte = 1024 * 1024
export const memoryBytesMax = 384 * mebibyte
export const peakBytesMax = memoryBytesMax * 1.2
/** How long the broker may need to be as before, once an attack is over. */
const recoveryMs = 30_000

export interface Attack {
  /** Who was found open to it. */
  readonly source: string
  readonly what: string
  /** Of `pabal start`. */
  readonly flags?: readonly string[]
  /** A pabal.yaml. */
  readonly config?: string
  /** Attacks with so much of its full strength, checks how it is met, and says so in a few words. */
  run(target: Target, strength: number): Promise<string>
}

/** The broker under attack. */
export interface Target {
  readonly port: number
  readonly webSocketPort: number
  /** What the broker has said so far: its log. */
  said(): string
  open(version: 4 | 5): Promise<WireClient>
  /** A client that is in. */
  client(clientIdentifier: string, version?: 4 | 5): Promise<WireClient>
  /** A socket that nobody reads unless the attack does. */
  socket(): Promise<Socket>
}

export interface Outcome {
  readonly attack: Attack
  readonly growthBytes: number
  readonly peakBytes: number
  readonly ended: string
  readonly seconds: number
}

export async function attackBroker(attack: Attack, strength: number): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-attack-'))
  const flags = ['--data', join(directory, 'data'), '--limit', `memoryBytesMax=${memoryBytesMax}`]
  if (attack.config !== undefined) {
    const config = join(directory, 'pabal.yaml')
    writeFileSync(config, attack.config)
    flags.push('--config', config)
  }
  const broker = new BrokerProcess([...flags, '--listen', 'ws://127.0.0.1:0/mqtt', ...(attack.flags ?? [])])
  const sockets: Socket[] = []
  const clients: WireClient[] = []
  try {
    const port = (await broker.ready()) ?? 0
    const webSocketPort = Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(broker.output)?.[1])
    const open: Target['open'] = async (version) => {
      const client = await openWire(`tcp://127.0.0.1:${port}`, version)
      clients.push(client)
      return client
    }
    const target: Target = {
      port,
      webSocketPort,
      said: () => broker.output,
      open,
      async client(clientIdentifier, version = 5) {
        const client = await open(version)
        assert.equal((await client.connect({ clientIdentifier })).reasonCode, 0)
        return client
      },
      async socket() {
        const socket = connect(port, '127.0.0.1').on('error', () => {})
        sockets.push(socket)
        await once(socket, 'connect')
        return socket
      },
    }
    await isServed(target)
    const before = memoryOf(broker.processId, 'VmRSS')
    const beganMs = performance.now()
    const ended = await attack.run(target, strength)
    const seconds = (performance.now() - beganMs) / 1000
    await isServed(target)
    assert.equal(broker.hasCrashed, false)
    const peakBytes = memoryOf(broker.processId, 'VmHWM')
    return { attack, growthBytes: peakBytes - before, peakBytes, ended, seconds }
  } catch (error) {
    throw new Error(`${attack.what}: the broker said ${broker.output.slice(-3000)}`, { cause: error })
  } finally {
    for (const client of clients) client[Symbol.dispose]()
    for (const socket of sockets) socket.destroy()
    await broker.end('SIGKILL')
    rmSync(directory, { recursive: true })
  }
}

/** Somebody else connects, subscribes, publishes and gets it. If the broker is still short of something, it has some time. */
async function isServed(target: Target): Promise<void> {
  const untilMs = performance.now() + recoveryMs
  for (;;) {
    using client = await target.open(5)
    const { reasonCode } = await client.connect()
    if (reasonCode === 0) {
      assert.equal(await client.subscribe('bystander', { qos: 0 }), 0)
      client.publish({ topicName: 'bystander', qos: 1, packetId: 1 })
      const packets = [await client.nextOf('puback', 'publish'), await client.nextOf('puback', 'publish')]
      assert.deepEqual(packets.map(({ type }) => type).sort(), ['puback', 'publish'])
      return
    }
    assert.ok(performance.now() < untilMs, `others are still refused: ${reasonCode}`)
    await sleep(200)
  }
}

/** Of a process, in bytes: what it has, or the most it has had. */
function memoryOf(processId: number, what: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8')
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
}

/** Runs `work` for each number below `count`, so many at a time. */
export async function inRounds<Result>(count: number, atOnce: number, work: (number: number) => Promise<Result>) {
  const results: Result[] = []
  for (let from = 0; from < count; from += atOnce) {
    const round = Array.from({ length: Math.min(atOnce, count - from) }, (_, index) => work(from + index))
    results.push(...(await Promise.all(round)))
  }
  return results
}

/** Resolves when the broker has closed it. */
export async function closed(socket: Socket): Promise<void> {
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
}
