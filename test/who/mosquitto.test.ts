/**
 * Asking with Debian's tools, in the words of docs/operating/who-is-listening.md.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const run = promisify(execFile)

const page = readFileSync(new URL('../../docs/operating/who-is-listening.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block.trim().split('\n'))

/** Runs a line of the documentation against the broker of the test; returns what it printed. */
async function runLine({ url }: TestBroker, line: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const { stdout } = await run('sh', ['-c', `${line} -h ${hostname} -p ${port}`], { timeout: 10_000 })
  return stdout
}

test('the documentation has an example for 5.0 and two for 3.1.1', () => {
  assert.deepEqual(
    examples.map((lines) => lines.map((line) => line.split(' ', 3).join(' '))),
    [
      ['mosquitto_rr -V mqttv5'],
      ['mosquitto_rr -V mqttv311'],
      ['mosquitto_sub -V mqttv311', 'mosquitto_pub -V mqttv311', 'mosquitto_sub -V mqttv311'],
    ],
  )
})

for (const lines of examples) {
  test(`the documentation's ${lines[0]} answers`, async () => {
    await using running = await startTestBroker()
    const listener = await running.client(4, { clientIdentifier: 'listener' })
    await listener.subscribe('orders/new', { qos: 1 })
    let printed = ''
    for (const line of lines) printed += await runLine(running, line)
    const answer = JSON.parse(printed)
    assert.equal(answer.totals.listeners, 1)
    assert.equal(answer.subscribers[0].clientIdentifier, 'listener')
  })
}
