/**
 * Scenario sessions: many Sessions that outlive their connection, each with one Subscription; all of them are away at the end.
 */
import { Conn, eachLimited, totals } from './conn.mjs'

export async function sessions(o) {
  const startMs = performance.now()
  let failed = 0
  const numbers = Array.from({ length: o.sessions }, (_, i) => i)
  await eachLimited(numbers, o.parallel, async (i) => {
    const { host, port, version, transport, prefix } = o
    const clientId = `${prefix}session-${i}`
    const conn = new Conn({ host, port, version, transport, clientId, clean: false, expiry: 24 * 3600 })
    try {
      await conn.open()
      await conn.subscribe([`bench/session/${i}/cmd`], 1)
      const closed = new Promise((done) => {
        conn.onClosed = done
      })
      conn.close()
      await closed
    } catch {
      failed++
    }
  })
  const seconds = (performance.now() - startMs) / 1000
  return {
    sessions: o.sessions,
    failed: failed > 0 ? `${failed} sessions failed: ${totals.lastError}` : undefined,
    seconds: Number(seconds.toFixed(2)),
    sessions_per_s: Math.round(o.sessions / seconds),
  }
}
