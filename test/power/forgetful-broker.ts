/**
 * A broker that acknowledges long before it syncs: what the power cut tests must catch. Its argument is the data directory.
 */
import { createBroker, sqlite } from '../../src/index.ts'

const [, , directory = ''] = process.argv
const store = sqlite(directory, { durability: 'interval', intervalMs: 600_000 })
const broker = createBroker({ store, listen: ['tcp://127.0.0.1:0'] })
await broker.start()
process.stdout.write(`Listening on ${broker.urls[0]}\nStop with Ctrl-C.\n`)
