#!/usr/bin/env node
/**
 * Side by side: two brokers, the same work, one run. The broker is pinned to core 0, the generator to core 1; brokers take turns.
 * usage: node compare.mjs --ours 'COMMAND with {port} and {data}' [--peer mosquitto | 'COMMAND'] [--only pair-qos0,...] [--repeats 3]
 * Prints a table and, last, one JSON line {scenario: {throughput, cpu, lost}}: ratios ours / peer (throughput) and peer / ours (CPU
 * per delivered message), medians of the pairs: above 1 means that ours is better; and the most messages that ours did not deliver.
 */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { undelivered } from './measure.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const scenarios = {
  'pair-qos0': ['pipe', '--outstanding', '8000'],
  'pair-qos1': ['pipe', '--qos', '1', '--window', '200'],
  'pair-qos2': ['pipe', '--qos', '2', '--window', '200'],
  'fanout-qos0': ['fanout'],
  'fanout-qos1': ['fanout', '--qos', '1'],
  'fanin-single': ['fanin'],
  'fanin-batch': ['fanin', '--burst', '10'],
  'fanin-qos1': ['fanin', '--qos', '1'],
  subscriptions: ['subs'],
  offline: ['offline', '--sessions', '100', '--messages', '2000'],
  idle: ['idle', '--connections', '9000', '--subscribe'],
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

async function once(command, scenario) {
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'compare-'))
  chmodSync(data, 0o777)
  writeFileSync(
    join(data, 'mosquitto.conf'),
    `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\npersistence false\nlog_type error\nsys_interval 0\n`,
  )
  const line = command.replaceAll('{port}', port).replaceAll('{data}', data)
  const broker = spawn('taskset', ['-c', '0', 'sh', '-c', `exec ${line}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  })
  try {
    for (let i = 0; i < 150 && !(await answers(port)); i++) {
      if (broker.exitCode !== null) throw new Error(`the broker ended with ${broker.exitCode}: ${line}`)
      await sleep(100)
    }
    await sleep(500)
    const args = [
      ...scenarios[scenario],
      '--seconds',
      options.seconds,
      '--port',
      String(port),
      '--pid',
      String(broker.pid),
      ...options.generator.split(' ').filter(Boolean),
    ]
    const out = execFileSync('taskset', ['-c', '1', process.execPath, join(here, 'bench.mjs'), ...args], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    })
    return JSON.parse(out.trim().split('\n').at(-1))
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
const rate = (r) => r.deliver_per_s ?? r.out_per_s ?? r.connects_per_s
const cost = (r) => r.kib_per_connection_with_subscription ?? r.kib_per_connection ?? r.cpu_us_per_delivered
const summary = {}
console.log(
  'scenario'.padEnd(16),
  'ours/s'.padStart(10),
  'peer/s'.padStart(10),
  'x'.padStart(7),
  'our cost'.padStart(9),
  'peer cost'.padStart(10),
  'x'.padStart(7),
  ' delivered ours, peer',
)
for (const scenario of options.only.split(',')) {
  if (!scenarios[scenario]) throw new Error(`no scenario ${scenario}; known: ${Object.keys(scenarios).join(', ')}`)
  const pairs = []
  for (let i = 0; i < Number(options.repeats); i++) {
    const ours = await once(options.ours, scenario)
    const peer = await once(options.peer === 'mosquitto' ? mosquitto : options.peer, scenario)
    pairs.push([ours, peer])
  }
  const failed = pairs.flat().find((r) => r.failed)
  const of = (f, i) => median(pairs.map((p) => f(p[i])))
  const throughput = median(pairs.map(([a, b]) => rate(a) / rate(b)))
  const cpu = median(pairs.map(([a, b]) => cost(b) / cost(a)))
  const lost = Math.max(...pairs.map(([ours]) => undelivered(ours)))
  summary[scenario] = failed
    ? { failed: failed.failed }
    : { throughput: +throughput.toFixed(2), cpu: +cpu.toFixed(2), lost }
  const text = (n, w) => (n >= 100 ? Math.round(n).toString() : Number(n).toFixed(2)).padStart(w)
  console.log(
    scenario.padEnd(16),
    text(of(rate, 0), 10),
    text(of(rate, 1), 10),
    text(throughput, 7),
    text(of(cost, 0), 9),
    text(of(cost, 1), 10),
    text(cpu, 7),
    ` ${pairs.map(([a, b]) => `${a.delivered_ratio ?? '-'},${b.delivered_ratio ?? '-'}`).join(' ')}`,
    failed ? `FAILED ${failed.failed}` : '',
  )
}
console.log(JSON.stringify(summary))
