/**
 * A broker in a process of its own, pinned to one core, in a directory of its own; and how to end it.
 *
 * What it logs goes to a file in that directory, and is told only if the broker does not start.
 */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as mqtt from './mqtt.mjs'

export const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`
export const here = (name) => fileURLToPath(new URL(name, import.meta.url))
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

export const mosquitto = '/usr/sbin/mosquitto -c {data}/mosquitto.conf'

/** Pabal as users run it. `nodeFlags` come before the file, which may be the source instead of what was built. */
export function pabalCommand(flags = '', nodeFlags = '', file = '../dist/cli/main.js') {
  const start = `start --listen '{listen}' --data {data} --admin http://127.0.0.1:0 --log-level error`
  return `${quote(process.execPath)} ${nodeFlags} ${quote(here(file))} ${start} ${flags}`
}

/** Builds the broker from its sources, without the dashboard. */
export function buildBroker() {
  const root = here('..')
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  })
}

/** Numbers of a list such as 0-2,5. */
export function cpuNumbers(list) {
  return list.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
}

/** Those a process may use; 0 where the system does not say. */
export function cpusOf(pid) {
  if (process.platform !== 'linux') return [0]
  return cpuNumbers(/^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0')
}

/** Those this process could use when it began: it may pin itself to one of them. */
const cpus = cpusOf('self')

/** The start of a command line that stays on one core of them, if there is more than one. */
export function pinned(core) {
  return cpus.length > 1 ? ['taskset', '-c', String(cpus[core])] : ['env']
}

/** Whoever is pinned itself passes that on. */
const onAllCores = () => (cpus.length > 1 ? ['taskset', '-c', cpus.join()] : ['env'])

const suffixes = { tcp: '', tls: '?cert={data}/cert.pem&key={data}/key.pem', ws: '/mqtt' }
const directives = {
  tcp: '',
  tls: 'certfile {data}/cert.pem\nkeyfile {data}/key.pem\n',
  // It refuses to start with nothing but WebSocket.
  ws: 'protocol websockets\nlistener 0 {data}/socket\n',
}
const saving = 'persistence true\npersistence_location {data}/\nautosave_on_changes true\nautosave_interval 1\n'

const freePort = () =>
  new Promise((done) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => done(port))
    })
  })

/** Resolves to whether the broker lets a client in; over TLS and WebSocket to whether it takes a connection. */
const answers = (port, transport) =>
  new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1')
    const end = (isThere) => {
      socket.destroy()
      done(isThere)
    }
    socket.on('connect', () => {
      if (transport !== 'tcp') return end(true)
      socket.write(mqtt.connect({ version: 4, clientId: 'is-it-there', clean: true }))
    })
    socket.on('data', () => end(true))
    socket.on('error', () => done(false))
    socket.on('close', () => done(false))
  })

/** A new directory with what a broker needs; owned by nobody in particular, because mosquitto becomes somebody else. */
export function newDataDirectory() {
  const data = mkdtempSync(join(tmpdir(), 'pabal-bench-'))
  chmodSync(data, 0o777)
  return data
}

function prepare(data, port, { transport = 'tcp', saves = false }) {
  if (transport === 'tls') {
    const files = ['-keyout', join(data, 'key.pem'), '-out', join(data, 'cert.pem')]
    const kind = ['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-days', '1', '-subj', '/CN=127.0.0.1']
    execFileSync('openssl', [...kind, ...files], { stdio: 'ignore' })
    chmodSync(join(data, 'key.pem'), 0o644)
  }
  const listener = `listener ${port} 127.0.0.1\n${directives[transport]}`
  const queues = 'max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\n'
  const persistence = saves ? saving : 'persistence false\n'
  const conf = `${listener}allow_anonymous true\n${queues}${persistence}log_type error\nsys_interval 0\n`
  writeFileSync(join(data, 'mosquitto.conf'), conf.replaceAll('{data}', data))
}

/**
 * Starts `command` and resolves when it answers; `{listen}`, `{port}` and `{data}` in it are filled in. `data` stays the caller's.
 * `withChannel`: the process has an IPC channel, for what is loaded into it beforehand. `isPinned`: to one core.
 */
export async function startBroker(
  command,
  scenario,
  { data, withChannel = false, isPinned = true, everyMs = 20, startSecondsMax = 60 },
) {
  const { transport = 'tcp' } = scenario
  const port = await freePort()
  prepare(data, port, scenario)
  const listen = `${transport}://127.0.0.1:${port}${suffixes[transport]}`
  const line = command.replaceAll('{listen}', listen).replaceAll('{port}', port).replaceAll('{data}', data)
  const log = join(data, 'log')
  const logFile = openSync(log, 'w')
  const startMs = performance.now()
  const [program, ...pin] = isPinned ? pinned(0) : onAllCores()
  const child = spawn(program, [...pin, 'sh', '-c', `exec ${line}`], {
    stdio: withChannel ? ['ignore', logFile, logFile, 'ipc'] : ['ignore', logFile, logFile],
    detached: true,
  })
  closeSync(logFile)
  const broker = { child, port, pid: child.pid, data, log, transport, connackMs: 0 }
  try {
    for (const endMs = startMs + startSecondsMax * 1000; performance.now() < endMs; await sleep(everyMs)) {
      if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode}`)
      if (!(await answers(port, transport))) continue
      broker.connackMs = performance.now() - startMs
      return broker
    }
    throw new Error(`the broker did not answer in ${startSecondsMax} s`)
  } catch (error) {
    await stopBroker(broker, 0)
    throw new Error(`${error.message}: ${line}\n${readFileSync(log, 'utf8').slice(-2000)}`)
  }
}

/** Ends it in peace, and after `secondsMax` without. */
export async function stopBroker({ child }, secondsMax = 20) {
  const isGone = () => child.exitCode !== null || child.signalCode !== null
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal)
    } catch {
      /* already gone */
    }
  }
  kill('SIGTERM')
  for (let i = 0; i < secondsMax * 20 && !isGone(); i++) await sleep(50)
  kill('SIGKILL')
  for (let i = 0; i < 100 && !isGone(); i++) await sleep(20)
}

export function removeData(data) {
  rmSync(data, { recursive: true, force: true })
}

/** Runs the load generator on the other core; resolves to what it reports. */
export function generate({ port, pid, transport }, args, secondsMax = 120) {
  const common = ['--port', port, '--pid', pid, '--transport', transport, '--deadline', secondsMax - 10]
  const [program, ...pin] = pinned(1)
  const all = [...pin, process.execPath, here('bench.mjs'), ...args, ...common].map(String)
  return new Promise((done, fail) => {
    const child = spawn(program, all, { stdio: ['ignore', 'pipe', 'inherit'], timeout: secondsMax * 1000 })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text
    })
    child.on('error', fail)
    child.on('close', () => {
      // What a generator that has failed printed says why.
      const last = out.trim().split('\n').at(-1)
      done(last ? JSON.parse(last) : { failed: `the generator printed nothing: ${args.join(' ')}` })
    })
  })
}
