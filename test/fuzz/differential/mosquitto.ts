/**
 * Debian's mosquitto in a process of its own, to be asked for its opinion.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const attempts = 100

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return address !== null && typeof address === 'object' ? address.port : 0
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const [isThere] = await Promise.race([
    once(socket, 'connect').then(() => [true]),
    new Promise<[boolean]>((resolve) => socket.once('error', () => resolve([false]))),
  ])
  socket.destroy()
  return isThere === true
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

  static async start(): Promise<Mosquitto> {
    const folder = mkdtempSync(join(tmpdir(), 'pabal-mosquitto-'))
    const port = await freePort()
    const file = join(folder, 'mosquitto.conf')
    const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'set_tcp_nodelay true', 'sys_interval 0']
    writeFileSync(file, `${lines.join('\n')}\n`)
    const child = spawn('mosquitto', ['-c', file], { stdio: 'ignore' })
    const mosquitto = new Mosquitto(child, folder, port)
    for (let attempt = 0; attempt < attempts && child.exitCode === null; attempt++) {
      if (await answers(port)) return mosquitto
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await mosquitto[Symbol.asyncDispose]()
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
