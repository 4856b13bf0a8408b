/**
 * Debian's mosquitto_pub, mosquitto_sub and mosquitto_rr against the running broker.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { nextEvent, type RunningBroker, startBroker } from './broker.ts'

interface Tool {
  readonly process: ChildProcess
  readonly output: Promise<string>
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>
}

function start(running: RunningBroker, name: string, args: readonly string[]): Tool {
  const child = spawn(name, ['-h', '127.0.0.1', '-p', running.port, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  return { process: child, output: text(child.stdout), ended: once(child, 'exit').then(([code]) => code) }
}

async function run(running: RunningBroker, name: string, args: readonly string[]): Promise<string> {
  const tool = start(running, name, args)
  assert.equal(await tool.ended, 0, `${name} ${args.join(' ')}`)
  return tool.output
}

async function startSubscriber(running: RunningBroker, args: readonly string[]): Promise<Tool> {
  const subscribed = nextEvent(running.broker, 'subscribed', () => true)
  const tool = start(running, 'mosquitto_sub', ['-W', '10', ...args])
  await subscribed
  return tool
}

for (const version of ['mqttv311', 'mqttv5']) {
  for (const qos of ['0', '1', '2']) {
    test(`${version}: mosquitto_sub gets what mosquitto_pub sends at QoS ${qos}`, async () => {
      await using running = await startBroker()
      const args = ['-V', version, '-q', qos]
      const subscriber = await startSubscriber(running, [...args, '-t', '커피/#', '-C', '1', '-F', '%t|%q|%r|%p'])
      await run(running, 'mosquitto_pub', [...args, '-t', '커피/맥심', '-m', '한 잔'])
      assert.equal(await subscriber.output, `커피/맥심|${qos}|0|한 잔\n`)
      assert.equal(await subscriber.ended, 0)
    })
  }

  test(`${version}: a Retained Message is kept, and removed by an empty one`, async () => {
    await using running = await startBroker()
    const version5 = ['-V', version]
    await run(running, 'mosquitto_pub', [...version5, '-t', 'door', '-m', 'open', '-r', '-q', '1'])
    const kept = await run(running, 'mosquitto_sub', [...version5, '-t', '#', '-C', '1', '-W', '5', '-F', '%r %p'])
    await run(running, 'mosquitto_pub', [...version5, '-t', 'door', '-n', '-r', '-q', '1'])
    const after = await run(running, 'mosquitto_sub', [...version5, '-t', '#', '-E'])
    assert.deepEqual([kept, after], ['1 open\n', ''])
  })

  test(`${version}: the Will Message of a killed client goes out`, async () => {
    await using running = await startBroker()
    const watcher = await startSubscriber(running, ['-V', version, '-t', 'gone', '-C', '1', '-q', '1'])
    const will = ['--will-topic', 'gone', '--will-payload', 'lamp', '--will-qos', '1']
    const lamp = await startSubscriber(running, ['-V', version, '-t', 'x', ...will])
    lamp.process.kill('SIGKILL')
    assert.equal(await watcher.output, 'lamp\n')
  })

  test(`${version}: a persistent Session gets what was sent while it was away`, async () => {
    await using running = await startBroker()
    const stays = [
      '-V',
      version,
      '-i',
      'away',
      '-c',
      '-q',
      '2',
      '-t',
      'news',
      ...(version === 'mqttv5' ? ['-x', '60'] : []),
    ]
    await run(running, 'mosquitto_sub', [...stays, '-E'])
    for (const number of ['1', '2', '3']) {
      await run(running, 'mosquitto_pub', ['-V', version, '-t', 'news', '-m', number, '-q', '2'])
    }
    assert.equal(await run(running, 'mosquitto_sub', [...stays, '-C', '3', '-W', '10']), '1\n2\n3\n')
  })
}

test('mosquitto_rr gets its response', async () => {
  await using running = await startBroker()
  await running.broker.subscribe('ask', {}, async (message) => {
    const { responseTopic = '', correlationData } = message.properties
    const properties = correlationData === undefined ? {} : { correlationData }
    await running.broker.publish({ topicName: responseTopic, payload: 'answer', properties })
  })
  const args = ['-V', 'mqttv5', '-t', 'ask', '-e', 'reply', '-m', 'question', '-W', '10']
  assert.equal(await run(running, 'mosquitto_rr', args), 'answer\n')
})
