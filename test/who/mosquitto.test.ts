/**
 * Asking with Debian's tools: 3.1.1 has no Response Topic, so the answer comes on a reply of the request's own.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const run = promisify(execFile)

/** Runs one of the tools and returns what it printed. */
async function tool({ url }: TestBroker, name: string, ...words: string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const { stdout } = await run(`mosquitto_${name}`, ['-h', hostname, '-p', port, ...words], { timeout: 10_000 })
  return stdout
}

test('mosquitto_sub and mosquitto_pub of 3.1.1 ask and read under one Client Identifier', async () => {
  await using running = await startTestBroker()
  const listener = await running.client(4, { clientIdentifier: 'listener' })
  await listener.subscribe('orders/new', { qos: 1 })
  const same = ['-V', 'mqttv311', '-i', 'asker', '-c', '-q', '1']
  await tool(running, 'sub', ...same, '-t', '$pabal/who/7/reply', '-E')
  await tool(running, 'pub', ...same, '-t', '$pabal/who/7', '-m', 'orders/new')
  const answer = JSON.parse(await tool(running, 'sub', ...same, '-t', '$pabal/who/7/reply', '-C', '1', '-W', '5'))
  assert.equal(answer.totals.listeners, 1)
  assert.equal(answer.subscribers[0].clientIdentifier, 'listener')
})

test('mosquitto_rr asks in one line, with 3.1.1 and with 5.0', async () => {
  await using running = await startTestBroker()
  const listener = await running.client(5, { clientIdentifier: 'listener' })
  await listener.subscribe('orders/new', { qos: 1 })
  const older = ['-V', 'mqttv311', '-t', '$pabal/who/7', '-e', '$pabal/who/7/reply', '-m', 'orders/new', '-W', '5']
  assert.equal(JSON.parse(await tool(running, 'rr', ...older)).totals.listeners, 1)
  const newer = ['-V', 'mqttv5', '-t', '$pabal/who', '-e', 'my/answers', '-m', '{"topic":"orders/new"}', '-W', '5']
  assert.equal(JSON.parse(await tool(running, 'rr', ...newer)).totals.listeners, 1)
})
