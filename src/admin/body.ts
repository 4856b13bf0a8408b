/**
 * The body of a request: JSON of a bounded size.
 */
import type { IncomingMessage } from 'node:http'
import { problem } from './problem.ts'

const bytesUsual = 64 * 1024

/** Nothing at all is `undefined`. @throws HttpProblem */
export async function readBody(incoming: IncomingMessage, bytesMax = bytesUsual): Promise<unknown> {
  const tooLarge = () =>
    problem('too-large', 'body', `more than ${bytesMax} bytes`, `at most ${bytesMax}`, 'send less at once', {
      connection: 'close',
    })
  if (Number(incoming.headers['content-length'] ?? 0) > bytesMax) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming) {
    // A request without an encoding hands over bytes.
    const part = chunk as Buffer
    bytes += part.length
    if (bytes > bytesMax) throw tooLarge()
    chunks.push(part)
  }
  if (bytes === 0) return undefined
  const type = incoming.headers['content-type'] ?? ''
  // A page of another origin can send other types without being asked about first.
  if (!/^application\/json(?:;|$)/i.test(type)) {
    const found = type === '' ? 'none' : JSON.stringify(type.slice(0, 100))
    throw problem('wrong-type', 'header.content-type', found, 'application/json', 'send JSON, and say so')
  }
  return parse(Buffer.concat(chunks).toString())
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, withoutPrototype)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw problem('bad-request', 'body', `no JSON: ${error.message.slice(0, 200)}`, 'JSON', 'correct it')
  }
}

/** `__proto__` is a name like any other in JSON, and none that anything here knows. */
function withoutPrototype(this: unknown, key: string, value: unknown): unknown {
  if (key !== '__proto__') return value
  throw problem('bad-request', 'body', 'the unknown "__proto__"', 'only what the documentation names', 'remove it')
}
