#!/usr/bin/env node
/**
 * Part of the load generator; see bench.mjs.
 */
import { totals } from './conn.mjs'
import { idle } from './idle.mjs'
import { offline } from './offline.mjs'
import { sessions } from './sessions.mjs'
import { subs } from './subs.mjs'
// MQTT load generator. Usage: node bench.mjs SCENARIO [--key value ...]
// Prints one JSON line. See README.md for scenarios and options.
import { fanin, fanout, pipe, sparse } from './traffic.mjs'

const common = {
  host: '127.0.0.1',
  port: 1883,
  version: 4,
  transport: 'tcp',
  pid: 0,
  qos: 0,
  size: 64,
  seconds: 5,
  warmup: 1,
  drain: 10,
  max: 50e6,
  rate: 0,
  burst: 0,
  window: 100,
  outstanding: 2000,
  parallel: 128,
  settle: 300,
  deadline: 90,
  prefix: `lg${process.pid}-`,
  label: '',
  restart: '',
}
const scenarios = {
  pipe: [pipe, { pairs: 1, persistent: false, topics: 1 }],
  fanout: [fanout, { subscribers: 1000, outstanding: 20 }],
  fanin: [fanin, { publishers: 1000, subscribers: 1, shared: false, window: 1 }],
  sparse: [sparse, { connections: 2000, rate: 0, seconds: 15, warmup: 2, toOne: false, others: '', turns: 16 }],
  idle: [idle, { connections: 10000, seconds: 3, subscribe: false }],
  offline: [
    offline,
    { sessions: 100, messages: 2000, rounds: 1, kill: false, killDelay: 0, quiet: 2.5, restart: '', drain: 30 },
  ],
  sessions: [sessions, { sessions: 100000, parallel: 200, deadline: 280 }],
  subs: [subs, { filters: 200000, connections: 100 }],
}

function parse(argv, defaults) {
  const o = { ...defaults }
  for (let i = 0; i < argv.length; i++) {
    const key = argv[i].replace(/^--/, '').replace(/-(.)/g, (_, c) => c.toUpperCase())
    if (!(key in o)) throw new Error(`unknown option ${argv[i]}`)
    if (typeof o[key] === 'boolean') {
      o[key] = true
      continue
    }
    const value = argv[++i]
    o[key] = typeof o[key] === 'number' ? Number(value) : value
  }
  return o
}

const [name, ...rest] = process.argv.slice(2)
if (!scenarios[name]) {
  console.error(`usage: node bench.mjs ${Object.keys(scenarios).join('|')} [--option value ...]`)
  process.exit(2)
}
const [run, own] = scenarios[name]
const o = parse(rest, { ...common, ...own })
const keep = [
  'version',
  'transport',
  'persistent',
  'qos',
  'size',
  'pairs',
  'topics',
  'subscribers',
  'publishers',
  'connections',
  'shared',
  'toOne',
  'outstanding',
  'window',
  'burst',
  'rate',
  'sessions',
  'messages',
  'filters',
]
const parameters = Object.fromEntries(keep.filter((k) => k in o).map((k) => [k, o[k]]))
const guard = setTimeout(() => {
  console.log(
    JSON.stringify({ scenario: name, label: o.label, parameters, failed: 'deadline', last_error: totals.lastError }),
  )
  process.exit(1)
}, o.deadline * 1000)
try {
  const result = await run(o)
  console.log(JSON.stringify({ scenario: name, label: o.label, parameters, ...result }))
} catch (e) {
  console.log(
    JSON.stringify({
      scenario: name,
      label: o.label,
      parameters,
      failed: e.message,
      last_error: totals.lastError,
      ...totals,
    }),
  )
  process.exitCode = 1
}
clearTimeout(guard)
setTimeout(() => process.exit(), 300).unref()
