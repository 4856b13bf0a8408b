/**
 * The broker that the command line is tested against. Everything about which one it is stands in `startBroker`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestBroker {
  readonly port: number
  /** Of the listener that asks for user `someone` with password `secret`. */
  readonly guardedPort: number
  readonly socketPath: string
  stop(): Promise<void>
}

const brokerProgram = '/usr/sbin/mosquitto'

/** `someone` may use topics below `open/`. The guarded listener takes QoS 1 at most, no Retained Messages and small packets. */
export async function startBroker(): Promise<TestBroker> {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-cli-broker-'))
  const [open, guarded] = await Promise.all([
    startMosquitto(directory, 'open', ['allow_anonymous true', `listener 0 ${join(directory, 'open.sock')}`]),
    startMosquitto(directory, 'guarded', [
      'allow_anonymous false',
      `password_file ${writePasswords(directory)}`,
      `acl_file ${writeRights(directory)}`,
      'max_qos 1',
      'retain_available false',
      'max_packet_size 200',
    ]),
  ])
  return {
    port: open.port,
    guardedPort: guarded.port,
    socketPath: join(directory, 'open.sock'),
    stop: async () => {
      await Promise.all([stopProcess(open.process), stopProcess(guarded.process)])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function writePasswords(directory: string): string {
  const file = join(directory, 'passwords')
  // `secret`, salted and hashed as mosquitto_passwd does it: PBKDF2 with SHA-512, 101 rounds.
  writeFileSync(file, `${passwordLine}\n`, { mode: 0o644 })
  return file
}

const passwordLine =
  'someone:$7$101$WTqJnqZ1eM5bPZP3$S6uK+WjptnBniRi1vfvckp4d0vHP28XMptcQOwBomvGUhGxGauJKr1MKM57+pY3NDPd8k+xh4hz5dPm5QzAoEw=='

function writeRights(directory: string): string {
  const file = join(directory, 'rights')
  writeFileSync(file, 'user someone\ntopic readwrite open/#\n', { mode: 0o644 })
  return file
}

/** `lines` are added to its configuration file in `directory`. */
export async function startMosquitto(
  directory: string,
  name: string,
  lines: readonly string[],
): Promise<{ port: number; process: ChildProcess }> {
  const port = await freePort()
  const file = join(directory, `${name}.conf`)
  // Started by root, the broker becomes another user, who must reach its files.
  const common = ['per_listener_settings false', 'user root', 'persistence false', `listener ${port} 127.0.0.1`]
  writeFileSync(file, `${[...common, ...lines].join('\n')}\n`)
  const broker = spawn(brokerProgram, ['-c', file], { stdio: 'ignore' })
  const failed = new Promise<never>((_, reject) => {
    broker.once('error', (error) =>
      reject(new Error(`these tests need Debian's packages mosquitto and mosquitto-clients: ${error.message}`)),
    )
    broker.once('exit', (code) => reject(new Error(`mosquitto ended with ${code} instead of listening`)))
  })
  await Promise.race([acceptsConnections(port), failed])
  return { port, process: broker }
}

async function acceptsConnections(port: number): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (isOpen) return
  }
}

const portsPerProcess = 20
const firstPort = 10_000 + (process.pid % 1100) * portsPerProcess
let portsTaken = 0

/**
 * A port that nothing uses, and nothing will: it is none of those that the system gives to whoever connects, and other test
 * files, which run in processes of their own, have others.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    if (portsTaken === portsPerProcess) throw new Error(`${portsPerProcess} ports are all a test file may have`)
    const port = firstPort + portsTaken++
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  } catch {
    return false
  }
  await new Promise((resolve) => server.close(resolve))
  return true
}

export function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.removeAllListeners('exit')
    child.once('exit', () => resolve())
    child.kill()
  })
}
