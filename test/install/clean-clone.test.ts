/**
 * A newcomer's first minute: clone, `npm start`, and a broker that ends when it is told to. Tests what is committed.
 */
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, afterEach, before, test } from 'node:test'
import { checkout, freshEnvironment, isRunning, type ProcessName, processTree, run } from './fresh-machine.ts'

// The first of these tests fetches every npm package and a Node.
const installTimeout = 300_000
const timeout = 60_000
const noProc = process.platform === 'linux' ? false : 'looks at processes through /proc'

let folder = ''
let clone = ''
const started: ProcessName[] = []

before(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'pabal-clone-')))
  clone = join(folder, 'pabal')
  await run('git', ['clone', '--quiet', checkout, clone], folder)
})

// Nothing is left to end unless a test failed.
afterEach(() => {
  for (const one of started.splice(0).filter(isRunning)) process.kill(one.pid, 'SIGKILL')
})
after(() => rmSync(folder, { recursive: true, force: true }))

/** `npm start`, once the broker listens. */
interface Running {
  readonly npm: ChildProcessByStdio<null, Readable, Readable>
  readonly exited: Promise<unknown[]>
  readonly port: number
  /** npm, the broker, and whatever else runs beneath npm. */
  readonly processes: readonly ProcessName[]
}

async function npmStart(): Promise<Running> {
  const npm = spawn('npm', ['start', '--', '--listen', 'tcp://127.0.0.1:0'], {
    cwd: clone,
    env: freshEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const exited = once(npm, 'exit')
  assert.ok(npm.pid !== undefined)
  started.push(...processTree(npm.pid))
  const port = await listeningPort(npm)
  const processes = processTree(npm.pid)
  started.push(...processes)
  return { npm, exited, port, processes }
}

/** Resolves when the broker has said where it listens; rejects with what was printed if it ends before. */
function listeningPort(npm: Running['npm']): Promise<number> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const read = (text: string) => {
      printed += text
      const found = /Listening on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(printed)
      if (found !== null) resolve(Number(found[1]))
    }
    npm.stdout.setEncoding('utf8').on('data', read)
    npm.stderr.setEncoding('utf8').on('data', read)
    npm.once('close', (exitCode) => reject(new Error(`npm start ended with ${exitCode} and printed:\n${printed}`)))
  })
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function assertEndsWell(broker: Running): Promise<void> {
  assert.deepEqual(await broker.exited, [0, null], 'exit code 0, no signal')
  assert.deepEqual(broker.processes.filter(isRunning), [], 'no process is left')
  assert.equal(await canConnect(broker.port), false, 'nobody listens any more')
}

test('npm start in a clean clone installs what is missing and runs the broker on Node 24', {
  timeout: installTimeout,
  skip: noProc,
}, async () => {
  const broker = await npmStart()
  const pinnedNode = join(clone, 'node_modules/node/bin/node')
  const programs = broker.processes.map(({ pid }) => readlinkSync(`/proc/${pid}/exe`))
  assert.equal(programs.filter((program) => program === pinnedNode).length, 1, programs.join(', '))
  assert.match(await run(pinnedNode, ['--version'], clone), /^v24\./)
  assert.ok(await canConnect(broker.port))
  broker.npm.kill('SIGTERM')
  await assertEndsWell(broker)
})

test('SIGTERM to npm stops the broker with exit code 0 and leaves no process', { timeout, skip: noProc }, async () => {
  const broker = await npmStart()
  broker.npm.kill('SIGTERM')
  await assertEndsWell(broker)
})

test('SIGINT to npm stops the broker with exit code 0 and leaves no process', { timeout, skip: noProc }, async () => {
  const broker = await npmStart()
  broker.npm.kill('SIGINT')
  await assertEndsWell(broker)
})

test('Ctrl-C, which reaches npm and the broker at once, stops it with exit code 0', {
  timeout,
  skip: noProc,
}, async () => {
  const broker = await npmStart()
  assert.ok(broker.npm.pid !== undefined)
  process.kill(-broker.npm.pid, 'SIGINT')
  await assertEndsWell(broker)
})

test('bin/pabal runs from anywhere through a link of any name', { timeout }, async () => {
  const link = join(folder, 'mosquitto_pub')
  await run('ln', ['-s', 'pabal/bin/pabal', link], folder)
  assert.match(await run(join(clone, 'bin/pabal'), ['--version'], folder), /\d+\.\d+\.\d+/)
  // Debian's mosquitto_pub ends with 1 after it has told its version, and so does ours.
  const command = 'mosquitto_pub --version || test $? = 1'
  assert.match(await run('sh', ['-c', command], '/', freshEnvironment(folder)), /mosquitto_pub version/)
})
