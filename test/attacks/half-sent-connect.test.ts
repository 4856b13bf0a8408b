/**
 * Clients that announce a CONNECT of 256 MB and send half of what fits: a length is checked before a byte is kept, and what
 * stays unfinished is closed in time.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestBroker } from '../support/test-broker.ts'

const attackers = 5000
const grownKibMax = 100 * 1024

/** CONNECT of 5.0 up to the middle of its Client Identifier, with the Remaining Length given. */
function halfConnect(remainingLength: string): Buffer {
  const header = Buffer.from(`10${remainingLength}00044d5154540502003c00ffff`, 'hex')
  return Buffer.concat([header, Buffer.alloc(512, 'a')])
}
const announces256MB = halfConnect('ffffff7f')
/** The most that is taken: the rest of it is waited for. */
const announces64KiB = halfConnect('fcff03')

test(`mosquitto CVE-2017-7651, CVE-2023-0809, NATS 2026-25: ${attackers} half-sent CONNECTs that announce 256 MB cost less than 100 MB`, async () => {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const args = [main, 'start', '--listen', 'tcp://127.0.0.1:0', '--admin', 'off', '--limit', 'connectSecondsMax=600']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const sockets: Socket[] = []
  try {
    let port = 0
    for await (const line of createInterface(child.stdout)) {
      port ||= Number(/tcp:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0)
      if (line.startsWith('Stop with')) break
    }
    const memory = (): number => residentKib(child.pid ?? 0)
    await attack(port, announces256MB, 100)
    const before = memory()
    const refused = await attack(port, announces256MB, attackers)
    assert.equal(refused.filter((socket) => socket.closed).length, attackers, 'all are refused at once')
    assert.ok(memory() - before < grownKibMax, `${memory() - before} KiB more after refusing`)
    // The longest CONNECT there may be is waited for: that is what an attacker can really hold.
    for (const socket of await attack(port, announces64KiB, attackers, false)) sockets.push(socket)
    assert.equal(sockets.filter((socket) => socket.closed).length, 0)
    assert.ok(memory() - before < grownKibMax, `${memory() - before} KiB more while waiting`)
  } finally {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

test('mosquitto CVE-2017-7651: a CONNECT that is not finished in time is closed without an answer', async () => {
  await using broker = await startTestBroker()
  using client = await broker.open(5)
  client.sendBytes(announces64KiB)
  using watcher = await broker.client(5)
  await watcher.quiet()
  broker.advanceBy(9)
  await watcher.quiet()
  broker.advanceBy(2)
  await client.closed()
})

/** Opens `count` connections in rounds and sends each the bytes; with `untilClosed` waits until the broker has closed it. */
async function attack(port: number, bytes: Buffer, count: number, untilClosed = true): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const round = Array.from({ length: Math.min(250, count - sockets.length) }, () => connect(port, '127.0.0.1'))
    await Promise.all(
      round.map(async (socket) => {
        socket.on('error', () => {})
        const closed = untilClosed ? once(socket.resume(), 'close') : null
        await once(socket, 'connect')
        await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
        await closed
      }),
    )
    sockets.push(...round)
  }
  // A connection made afterwards is served after all of these.
  const last = connect(port, '127.0.0.1')
  last.write(announces256MB)
  await once(last.resume(), 'close')
  return sockets
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
