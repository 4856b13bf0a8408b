/**
 * Asks for a new password, twice, and shows nothing of it.
 */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/** @throws an Error if the two differ, if it is empty, or if there is none. */
export async function askPassword(): Promise<string> {
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = process.stdin.isTTY === true
  const lines = createInterface({ input: process.stdin, output: nothing, terminal })
  try {
    const answers = lines[Symbol.asyncIterator]()
    const ask = async (prompt: string): Promise<string> => {
      process.stdout.write(prompt)
      const { value, done } = await answers.next()
      process.stdout.write('\n')
      if (done === true) throw new Error('Error: No password was given.')
      return value
    }
    const password = await ask('Password: ')
    if (password === '') throw new Error('Error: Empty password.')
    if ((await ask('Reenter password: ')) !== password) throw new Error('Error: Passwords do not match.')
    return password
  } finally {
    lines.close()
  }
}
