/**
 * Who may connect: a callback that knows the users. Passwords are kept as salted scrypt hashes, never as text.
 *
 * In your own project the first import is `from 'pabal'`; here it is relative, so that it runs from a fresh checkout
 * without a build.
 */
import mqtt from 'mqtt'
import { createBroker, hashPassword, verifyPassword } from '../src/index.ts'

// A real program reads this from a file or a database.
const users = new Map([['minji', await hashPassword('correct horse')]])
const nobody = await hashPassword('')

const broker = createBroker({
  listen: ['tcp://127.0.0.1:0'],
  authenticate: async ({ userName, password }) => {
    // An unknown User Name takes as long as a wrong password: the time must not tell which it was.
    const known = userName === null ? undefined : users.get(userName)
    const isRight = await verifyPassword(password ?? Buffer.alloc(0), known ?? nobody)
    if (known !== undefined && isRight) return true
    return { type: 'refused', reasonString: 'the User Name or the Password is wrong' }
  },
})
broker.on('connected', ({ clientIdentifier, account }) => console.log(`${clientIdentifier} came in as ${account}`))
await broker.start()
const [url = ''] = broker.urls

const attempts = [
  { clientId: 'right', username: 'minji', password: 'correct horse' },
  { clientId: 'wrong', username: 'minji', password: 'battery staple' },
  { clientId: 'anonymous' },
]
for (const attempt of attempts) {
  try {
    const client = await mqtt.connectAsync(url, { ...attempt, protocolVersion: 5, reconnectPeriod: 0 })
    await client.endAsync()
  } catch (error) {
    console.log(`${attempt.clientId} was refused: ${error instanceof Error ? error.message : String(error)}`)
  }
}

await broker.stop()
console.log('stopped')
