/**
 * A program whose store fails while nobody listens for it; run by `failed.test.ts`.
 */
import { createBroker } from '../../src/index.ts'
import { TroubledStore } from './troubled-store.ts'

const store = new TroubledStore()
const broker = createBroker({ listen: [], store })
await broker.start()
store.mode = 'failing'
await broker.publish({ topicName: 'a', payload: 'x', retain: true }).catch(() => {})
// Long enough for the failure to end the program; if it does not, the program ends well.
await new Promise((resolve) => setTimeout(resolve, 1000))
