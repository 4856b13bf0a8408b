/**
 * Debian's mosquitto in a process of its own, to be asked for its opinion.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

const attempts = 5

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return address !== null && typeof address === 'object' ? address.port : 0
}

/** It says so when it has its port: whoever answers there before may be another one. */
async function runs(log: Readable): Promise<boolean> {
  let text = ''
  log.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  while (!log.readableEnded) {
    if (/mosquitto version \S+ running/.test(text)) return true
    await Promise.race([once(log, 'data'), once(log, 'end')])
  }
  return false
}

export class Mosquitto implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly port: number

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child
    this.#folder = folder
    this.port = port
  }

  /** On a port that was free a moment ago: if somebody else has taken it since, on another one. */
  static async start(): Promise<Mosquitto> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const folder = mkdtempSync(join(tmpdir(), 'pabal-mosquitto-'))
      const port = await freePort()
      const file = join(folder, 'mosquitto.conf')
      const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'set_tcp_nodelay true', 'sys_interval 0']
      writeFileSync(file, `${lines.join('\n')}\n`)
      const child = spawn('mosquitto', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
      const mosquitto = new Mosquitto(child, folder, port)
      if (await runs(child.stderr)) return mosquitto
      await mosquitto[Symbol.asyncDispose]()
    }
    throw new Error('mosquitto does not start')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill()
      await once(this.#child, 'close')
    }
    rmSync(this.#folder, { recursive: true })
  }
}
