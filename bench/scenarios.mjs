/**
 * What is compared: what the generator does in each scenario, which figures of it count, and the bar of each.
 *
 * A bar is `atLeast` or `atMost` of ours divided by the peer's, or `oursAtMost` in the figure's own unit. A figure without a bar is
 * shown. Pabal is started as users start it: built, with its HTTP API, fsync before every acknowledgement; `flags` says where not.
 */

/** Name of a figure: its unit, and how it is read from what the generator reports. */
export const figures = {
  throughput: { unit: 'messages/s', of: (r) => r.deliver_per_s ?? r.out_per_s },
  enqueued: { unit: 'copies/s', of: (r) => r.enqueue_per_s },
  connects: { unit: 'connections/s', of: (r) => r.connects_per_s },
  cpu: { unit: 'µs of CPU a message', of: (r) => r.cpu_us_per_delivered },
  'enqueue cpu': { unit: 'µs of CPU a copy', of: (r) => r.cpu_us_per_enqueued },
  'main thread': { unit: 'µs a message', of: (r) => r.main_thread_us_per_in },
  written: { unit: 'bytes a payload byte', of: (r) => r.written_per_payload_byte },
  p50: { unit: 'µs', of: (r) => r.latency_us.p50 },
  p99: { unit: 'µs', of: (r) => r.latency_us.p99 },
  memory: { unit: 'bytes a subscription', of: (r) => r.bytes_per_subscription },
  connection: { unit: 'KiB a connection', of: (r) => r.kib_per_connection_with_subscription },
  'first CONNACK': { unit: 'ms', of: (r) => r.connack_ms },
  'CPU until then': { unit: 'ms', of: (r) => r.connack_cpu_ms },
}

const inMemory = '--durability memory'
const qos1 = ['pipe', '--qos', '1', '--window', '200']
const qos0 = ['pipe', '--outstanding', '8000']
// Long enough for a broker that has just started to be warm.
const away = ['offline', '--sessions', '20', '--messages', '50000', '--window', '200', '--drain', '60']
const single = ['--outstanding', '1', '--burst', '1']
const bothRates = (throughput) => ({ throughput, cpu: {} })

/**
 * `transport`: how clients connect. `flags`: of Pabal alone. `saves`: mosquitto writes its queues down at every change. `isAlone`:
 * nothing to compare with. `turns`: the brokers live at the same time, with so many windows of `seconds` in turns. `start`: instead of
 * the generator, from start to CONNACK, with so many Sessions stored.
 */
export const scenarios = {
  'pair-qos0': { args: qos0, figures: bothRates({ atLeast: 25 }) },
  'pair-qos1': { args: qos1, flags: inMemory, figures: bothRates({ atLeast: 20 }) },
  'pair-qos2': { args: ['pipe', '--qos', '2', '--window', '200'], figures: bothRates({ atLeast: 15 }) },
  'durable-qos1': { args: [...qos1, '--persistent'], figures: { ...bothRates({ atLeast: 3.5 }), written: {} } },
  'fanout-qos0': { args: ['fanout'], figures: bothRates({ atLeast: 13 }) },
  'fanout-qos1': { args: ['fanout', '--qos', '1'], figures: bothRates({ atLeast: 12 }) },
  'fanin-single': { args: ['fanin'], figures: bothRates({ atLeast: 1.15 }) },
  sparse: {
    // At so few messages a second V8 compiles for half a minute, and that is not what a message costs.
    args: ['sparse', '--connections', '2000', '--warmup', '30'],
    // Short enough that no broker has nothing to do for seconds meanwhile: they would begin to tidy up. So many, because one message in two
    // hundred waits for a machine that was elsewhere for milliseconds, and in few windows chance gives one broker more of them.
    turns: 40,
    seconds: 1,
    figures: { cpu: { atMost: 1 }, p99: { atMost: 1 }, p50: {} },
  },
  subscriptions: {
    args: ['subs', '--filters', '200000'],
    figures: { throughput: { atLeast: 5 }, memory: { oursAtMost: 400 } },
  },
  idle: {
    args: ['idle', '--connections', '10000', '--subscribe'],
    seconds: 1,
    figures: { connection: { oursAtMost: 7 }, connects: {} },
  },
  'ws-qos0': { args: qos0, transport: 'ws', figures: bothRates({ atLeast: 15 }) },
  'tls-single': { args: ['pipe', ...single], transport: 'tls', figures: bothRates({ atLeast: 0.9 }) },
  drain: {
    args: ['offline', '--sessions', '100', '--messages', '2000', '--window', '200'],
    figures: bothRates({ atLeast: 4 }),
  },
  // A broker that has just started is not compiled yet; this is what the same costs one that has worked.
  'drain-again': {
    args: ['offline', '--sessions', '100', '--messages', '2000', '--window', '200', '--rounds', '2'],
    figures: bothRates({}),
  },
  'start-empty': {
    start: { sessions: 0 },
    isAlone: true,
    figures: { 'first CONNACK': { oursAtMost: 300 }, 'CPU until then': {} },
  },
  'start-100000': {
    start: { sessions: 100_000 },
    isAlone: true,
    figures: { 'first CONNACK': { oursAtMost: 3000 }, 'CPU until then': {} },
  },
  enqueue: { args: away, figures: { enqueued: { atLeast: 1 }, 'enqueue cpu': {}, written: {} } },
  'enqueue-saved': {
    args: ['offline', '--sessions', '20', '--messages', '2000', '--window', '200'],
    saves: true,
    figures: { enqueued: { atLeast: 30 }, 'enqueue cpu': {} },
  },

  // Not judged, and not part of the whole run.
  'pair-1kib': { args: [...qos0, '--size', '1024'], isExtra: true, figures: bothRates({}) },
  'pair-qos1-fsync': { args: qos1, isExtra: true, figures: bothRates({}) },
  'pair-single': { args: ['pipe', ...single], isExtra: true, figures: { ...bothRates({}) } },
  'fanin-batch': { args: ['fanin', '--burst', '10'], isExtra: true, figures: bothRates({}) },
  'fanin-qos1': { args: ['fanin', '--qos', '1'], isExtra: true, figures: bothRates({}) },
  'tls-qos0': { args: qos0, transport: 'tls', isExtra: true, figures: bothRates({}) },
  'tls-qos1': { args: qos1, transport: 'tls', flags: inMemory, isExtra: true, figures: bothRates({}) },
  'tls-many': {
    args: ['pipe', '--pairs', '100', ...single],
    transport: 'tls',
    isExtra: true,
    figures: bothRates({}),
  },
  'ws-qos1': { args: qos1, transport: 'ws', flags: inMemory, isExtra: true, figures: bothRates({}) },
  'drain-million': { args: away, isExtra: true, figures: bothRates({}) },
}

/** A median that is this much of a bar has reached it: so far apart are runs of the same thing. */
const tolerance = 0.9

/** What is wanted of a figure, in words; empty if nothing is. */
export function barText({ atLeast, atMost, oursAtMost }, { unit }) {
  if (atLeast !== undefined) return `≥ ${atLeast}x`
  if (atMost !== undefined) return `≤ ${atMost}x`
  return oursAtMost === undefined ? '' : `≤ ${oursAtMost} ${unit}`
}

/** Whether the bar is reached; undefined if there is none. */
export function isReached({ atLeast, atMost, oursAtMost }, { ours, ratio }) {
  if (atLeast !== undefined) return ratio !== null && ratio >= tolerance * atLeast
  if (atMost !== undefined) return ratio !== null && ratio <= atMost / tolerance
  return oursAtMost === undefined ? undefined : ours <= oursAtMost / tolerance
}

/** Names of the scenarios of a list such as `pair-qos0,sparse`; `all` are those that are judged. */
export function scenarioNames(list) {
  const all = Object.keys(scenarios)
  if (list === 'all') return all.filter((name) => !scenarios[name].isExtra)
  const names = list.split(',').filter(Boolean)
  for (const name of names) if (!all.includes(name)) throw new Error(`no scenario ${name}; known: ${all.join(', ')}`)
  return names
}
