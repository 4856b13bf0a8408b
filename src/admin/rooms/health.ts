/**
 * Rooms for machines that watch: is the process alive, can it do its work, what are the numbers? They need no login and say
 * nothing about clients.
 */

import { ledger } from '../../core/query/ledger.ts'
import type { Measured } from '../../metrics/broker-metrics.ts'
import type { BrokerAccess } from '../../server/admin-part.ts'
import type { Gauges } from '../gauges.ts'
import { reasonsNotReady } from '../readiness.ts'
import { type Room, reply, room } from '../room.ts'
import { readinessSchema } from '../schemas/answers.ts'

const readinessAnswers = {
  200: { description: 'It is', schema: readinessSchema },
  503: { description: 'It is not, and why', schema: readinessSchema },
}

function readinessRoom(path: string, summary: string): Room {
  return room({
    method: 'get',
    path,
    isOutside: true,
    tag: 'Health',
    summary,
    scope: null,
    answers: readinessAnswers,
    handle: ({ broker }) => {
      const reasons = reasonsNotReady(broker)
      const ready = reasons.length === 0
      return reply({ ready, reasons }, ready ? 200 : 503, { 'cache-control': 'no-store' })
    },
  })
}

export const healthRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/livez',
    isOutside: true,
    tag: 'Health',
    summary: 'Whether the process is alive: it answers.',
    scope: null,
    answers: { 200: { description: 'It is', schema: readinessSchema } },
    handle: () => reply({ ready: true, reasons: [] }, 200, { 'cache-control': 'no-store' }),
  }),
  readinessRoom('/readyz', 'Whether the broker can do its work: the store takes messages, every listener is open.'),
  readinessRoom('/healthz', 'The same as /readyz.'),
  room({
    method: 'get',
    path: '/metrics',
    isOutside: true,
    tag: 'Health',
    summary: 'Numbers for Prometheus.',
    description: 'From this machine without a login; from elsewhere with an API key that may observe.',
    scope: 'observe',
    opensForThisMachine: true,
    answers: { 200: { description: 'Metrics in the text format', schema: null, contentType: 'text/plain' } },
    handle: async ({ broker, administration }) => {
      // Most of what this needs is somebody else's, and only Prometheus asks for it.
      const { metricsContentType, metricsText } = await import('../../metrics/broker-metrics.ts')
      const text = await metricsText(await metricsOf(broker, administration.gauges))
      return new Response(text, { headers: { 'content-type': metricsContentType, 'cache-control': 'no-store' } })
    },
  }),
]

async function metricsOf(broker: BrokerAccess, gauges: Gauges): Promise<Measured> {
  const { state, latencies, version, startedAtMs } = broker
  const freeBytes = await gauges.freeBytes(broker)
  const { user, system } = process.cpuUsage()
  const { messages, copies } = ledger(state)
  return {
    state,
    version,
    nodeVersion: process.version.slice(1),
    startedAtMs,
    ...latencies,
    eventLoop: gauges.eventLoop.histogram,
    process: { ...gauges.memory(), cpuSeconds: (user + system) / 1e6 },
    freeBytes,
    ledgerAddsUp: messages.addsUp && copies.addsUp,
  }
}
