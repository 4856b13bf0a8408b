/**
 * Who may connect: a callback that knows the users. Passwords are kept as salted scrypt hashes, never as text.
 *
 * In your own project the first import is `from 'pabal'`; here it is relative, so that it runs from a fresh checkout
 * without a build.
 */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import mqtt from 'mqtt'
import { createBroker } from '../src/index.ts'

interface User {
  salt: Buffer
  hash: Buffer
}

function hash(password: string | Uint8Array, salt: Buffer): Buffer {
  return scryptSync(password, salt, 32)
}

function user(password: string): User {
  const salt = randomBytes(16)
  return { salt, hash: hash(password, salt) }
}

// A real program reads this from a file or a database: the callback may be async.
const users = new Map([['minji', user('correct horse')]])
const nobody = user('')

const broker = createBroker({
  listen: ['tcp://127.0.0.1:0'],
  authenticate: ({ userName, password }) => {
    // An unknown User Name takes as long as a wrong password: the time must not tell which it was.
    const known = userName === null ? undefined : users.get(userName)
    const { salt, hash: expected } = known ?? nobody
    const isRight = timingSafeEqual(hash(password ?? '', salt), expected)
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
