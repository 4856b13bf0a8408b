#!/usr/bin/env node
/**
 * Side by side: two brokers, the same work, one run. The broker is pinned to core 0, the generator to core 1; brokers take turns.
 * usage: node compare.mjs --ours 'COMMAND with {listen} and {data}' [--peer mosquitto | 'COMMAND'] [--only pair-qos0,...] [--repeats 3]
 * `{listen}` is a URL such as tcp://127.0.0.1:PORT; `{port}` is its port alone. Prints a table and, last, one JSON line
 * {scenario: {throughput, lowest, highest, cpu, mainThread, written, lost}}: ratios ours / peer (throughput, with its spread) and
 * peer / ours (CPU per delivered message), medians of the pairs: above 1 means that ours is better; of ours and the peer,
 * microseconds of the main thread for each message and bytes written to the disk for each byte of payload; and
 * the most messages that ours did not deliver.
 */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { undelivered } from './measure.mjs'
import { sample } from './proc.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const byThroughput = { rate: (r) => r.deliver_per_s ?? r.out_per_s ?? r.connects_per_s, cost: costOf }
const byEnqueueing = { rate: (r) => r.enqueue_per_s, cost: (r) => r.cpu_us_per_enqueued }
/** Half of the messages arrive sooner. */
const byLatency = { rate: (r) => 1e6 / r.latency_us.p50, cost: costOf }
const byTime = { rate: (r) => 1 / r.seconds, cost: (r) => r.rss_mib }
// Long enough for a broker that has just started to be warm.
const offline = ['offline', '--sessions', '20', '--messages', '50000', '--window', '200', '--drain', '60']
const qos1 = ['pipe', '--qos', '1', '--window', '200']

/** What the generator does, what is compared, and how mosquitto is set up. */
const scenarios = {
  'pair-qos0': { args: ['pipe', '--outstanding', '8000'] },
  'pair-qos1': { args: qos1 },
  'pair-qos2': { args: ['pipe', '--qos', '2', '--window', '200'] },
  'fanout-qos0': { args: ['fanout'] },
  'fanout-qos1': { args: ['fanout', '--qos', '1'] },
  'fanin-single': { args: ['fanin'] },
  'fanin-batch': { args: ['fanin', '--burst', '10'] },
  'fanin-qos1': { args: ['fanin', '--qos', '1'] },
  subscriptions: { args: ['subs'] },
  offline: { args: ['offline', '--sessions', '100', '--messages', '2000'] },
  idle: { args: ['idle', '--connections', '9000', '--subscribe'] },
  'durable-qos1': { args: [...qos1, '--persistent'] },
  enqueue: { args: offline, by: byEnqueueing },
  'enqueue-saved': {
    args: ['offline', '--sessions', '20', '--messages', '2000', '--window', '200'],
    by: byEnqueueing,
    saves: true,
  },
  drain: { args: offline },
  sparse: { args: ['sparse', '--connections', '2000'], by: byLatency, seconds: 8 },
  'tls-qos0': { args: ['pipe', '--outstanding', '8000'], transport: 'tls' },
  'tls-qos1': { args: qos1, transport: 'tls' },
  'ws-qos0': { args: ['pipe', '--outstanding', '8000'], transport: 'ws' },
  'ws-qos1': { args: qos1, transport: 'ws' },
  'start-up': { args: null, by: byTime },
}
const mosquitto = '/usr/sbin/mosquitto -c {data}/mosquitto.conf'
const options = {
  ours: '',
  peer: 'mosquitto',
  only: 'pair-qos0,pair-qos1,fanout-qos0,fanin-single',
  repeats: '3',
  seconds: '2',
  generator: '',
}
for (let i = 2; i < process.argv.length; i += 2) {
  const key = process.argv[i].replace(/^--/, '')
  if (!(key in options)) throw new Error(`unknown option ${process.argv[i]}; known: ${Object.keys(options).join(', ')}`)
  options[key] = process.argv[i + 1]
}
if (!options.ours) throw new Error("--ours 'COMMAND with {port}' is missing")
if (options.only === 'all') options.only = Object.keys(scenarios).join()

const suffixes = { tcp: '', tls: '?cert={data}/cert.pem&key={data}/key.pem', ws: '/mqtt' }
const directives = {
  tcp: '',
  tls: 'certfile {data}/cert.pem\nkeyfile {data}/key.pem\n',
  // It refuses to start with nothing but WebSocket.
  ws: 'protocol websockets\nlistener 0 {data}/socket\n',
}
const saving = 'persistence true\npersistence_location {data}/\nautosave_on_changes true\nautosave_interval 1\n'

function costOf(r) {
  return r.kib_per_connection_with_subscription ?? r.kib_per_connection ?? r.cpu_us_per_delivered
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const freePort = () =>
  new Promise((done) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => done(port))
    })
  })
const answers = (port) =>
  new Promise((done) => {
    const s = net.connect(port, '127.0.0.1')
    s.on('connect', () => {
      s.destroy()
      done(true)
    })
    s.on('error', () => done(false))
  })

/** Files in `data` that a broker needs; owned by whoever mosquitto becomes. */
function prepare(data, port, { transport = 'tcp', saves = false }) {
  chmodSync(data, 0o777)
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

/** Until the broker answers. */
async function started(broker, port, line, everyMs) {
  for (const endMs = performance.now() + 15_000; performance.now() < endMs; await sleep(everyMs)) {
    if (broker.exitCode !== null) throw new Error(`the broker ended with ${broker.exitCode}: ${line}`)
    if (await answers(port)) return
  }
  throw new Error(`the broker did not answer: ${line}`)
}

function generate(broker, port, { args, transport = 'tcp', seconds = options.seconds }) {
  const common = ['--seconds', seconds, '--port', port, '--pid', broker.pid, '--transport', transport]
  const own = options.generator.split(' ').filter(Boolean)
  const all = ['-c', '1', process.execPath, join(here, 'bench.mjs'), ...args, ...common, ...own].map(String)
  try {
    const out = execFileSync('taskset', all, { encoding: 'utf8', maxBuffer: 1e8 })
    return JSON.parse(out.trim().split('\n').at(-1))
  } catch (error) {
    // What a generator that has failed printed says why.
    return JSON.parse(error.stdout.trim().split('\n').at(-1))
  }
}

async function once(command, scenario) {
  const { args, transport = 'tcp' } = scenario
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'compare-'))
  prepare(data, port, scenario)
  const listen = `${transport}://127.0.0.1:${port}${suffixes[transport]}`
  const line = command.replaceAll('{listen}', listen).replaceAll('{port}', port).replaceAll('{data}', data)
  const startMs = performance.now()
  const broker = spawn('taskset', ['-c', '0', 'sh', '-c', `exec ${line}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  })
  try {
    await started(broker, port, line, args === null ? 2 : 100)
    if (args === null) {
      return { seconds: (performance.now() - startMs) / 1000, rss_mib: sample(broker.pid).rss / 1024 }
    }
    await sleep(500)
    return generate(broker, port, scenario)
  } finally {
    try {
      process.kill(-broker.pid, 'SIGTERM')
    } catch {
      /* already gone */
    }
    for (let i = 0; i < 30 && broker.exitCode === null && broker.signalCode === null; i++) await sleep(100)
    try {
      process.kill(-broker.pid, 'SIGKILL')
    } catch {
      /* already gone */
    }
    rmSync(data, { recursive: true, force: true })
  }
}

const median = (list) => list.slice().sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)]
const summary = {}
console.log(
  'scenario'.padEnd(16),
  'ours/s'.padStart(10),
  'peer/s'.padStart(10),
  'x'.padStart(7),
  'our cost'.padStart(9),
  'peer cost'.padStart(10),
  'x'.padStart(7),
  ' spread, delivered ours, peer',
)
for (const name of options.only.split(',')) {
  const scenario = scenarios[name]
  if (!scenario) throw new Error(`no scenario ${name}; known: ${Object.keys(scenarios).join(', ')}`)
  const { rate, cost } = scenario.by ?? byThroughput
  const pairs = []
  for (let i = 0; i < Number(options.repeats); i++) {
    const ours = await once(options.ours, scenario)
    const peer = await once(options.peer === 'mosquitto' ? mosquitto : options.peer, scenario)
    pairs.push([ours, peer])
  }
  const failed = pairs.flat().find((r) => r.failed)
  if (failed) {
    summary[name] = { failed: failed.failed }
    console.log(name.padEnd(16), `FAILED ${failed.failed}`)
    continue
  }
  const of = (f, i) => median(pairs.map((p) => f(p[i])))
  const ratios = pairs.map(([a, b]) => rate(a) / rate(b))
  const throughput = median(ratios)
  const lowest = Math.min(...ratios)
  const highest = Math.max(...ratios)
  const cpu = median(pairs.map(([a, b]) => cost(b) / cost(a)))
  const both = (f) => [of(f, 0), of(f, 1)]
  summary[name] = {
    ...Object.fromEntries(Object.entries({ throughput, lowest, highest, cpu }).map(([key, n]) => [key, +n.toFixed(2)])),
    mainThread: both((r) => r.main_thread_us_per_in ?? null),
    written: both((r) => r.written_per_payload_byte ?? null),
    lost: Math.max(...pairs.map(([ours]) => undelivered(ours))),
  }
  const text = (n, w) => (n >= 100 ? Math.round(n).toString() : Number(n).toFixed(2)).padStart(w)
  console.log(
    name.padEnd(16),
    text(of(rate, 0), 10),
    text(of(rate, 1), 10),
    text(throughput, 7),
    text(of(cost, 0), 9),
    text(of(cost, 1), 10),
    text(cpu, 7),
    ` ${lowest.toFixed(2)}–${highest.toFixed(2)}x `,
    ` ${pairs.map(([a, b]) => `${a.delivered_ratio ?? '-'},${b.delivered_ratio ?? '-'}`).join(' ')}`,
  )
}
console.log(JSON.stringify(summary))
