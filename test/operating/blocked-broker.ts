/**
 * A broker in a process of its own whose event loop is blocked for as many milliseconds as its parent says. Tells where its HTTP API
 * is, and when it was blocked.
 */
import { createBroker, httpAdmin } from '../../src/index.ts'

const admin = httpAdmin({ listen: 'http://127.0.0.1:0', login: 'off' })
const broker = createBroker({ listen: [], admin })
await broker.start()
process.on('message', (milliseconds) => {
  const untilMs = performance.now() + Number(milliseconds)
  while (performance.now() < untilMs);
  process.send?.('blocked')
})
process.on('disconnect', () => void broker.stop().then(() => process.exit()))
process.send?.(admin.urls[0])
