/**
 * A broker in a process of its own, so that what it costs can be told from what its clients do: with the HTTP API, or without it if its
 * parent says `off`. Tells where it is.
 */
import { createBroker, httpAdmin } from '../../src/index.ts'

const admin = process.argv[2] === 'off' ? null : httpAdmin({ listen: 'http://127.0.0.1:0', login: 'off' })
const broker = createBroker({ listen: ['tcp://127.0.0.1:0'], admin })
await broker.start()
process.on('disconnect', () => void broker.stop().then(() => process.exit()))
process.send?.({ url: broker.urls[0], adminUrl: admin?.urls[0] ?? null })
