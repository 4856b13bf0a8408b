/**
 * Times beyond 2^31 ms, which is all a timer of Node can wait: one that is set for longer fires at once, and says so in a warning.
 *
 * Each is the longest a client or an operator can ask for: nothing ends before its time, and at its time it does.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sqlite } from '../../src/index.ts'
import { temporaryFolder } from '../admin/api.ts'
import { startPabal } from '../support/pabal-command.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'

/** The longest Session Expiry Interval that is one: 0xFFFFFFFF is for ever. */
const longest = 0xffff_fffe
const payload = Buffer.from('kept')

const overflows: string[] = []
const listener = (warning: Error): void => {
  if (warning.name === 'TimeoutOverflowWarning') overflows.push(warning.message)
}
before(() => process.on('warning', listener))
after(() => process.off('warning', listener))

test('timers beyond 2^31 ms: a Session, its messages, a Retained Message, a held one and a will outlive what a timer can wait, and end in time', async () => {
  let turns = 0
  await using running = await startTestBroker(
    {
      limits: { sysIntervalSeconds: 0, heldSecondsMax: longest, keepAliveSecondsMax: 0 },
      topics: [{ filter: 'held/#', whenNobody: 'hold', heldSecondsMax: longest }],
    },
    {
      afterTurn: () => {
        turns += 1
      },
    },
  )
  const willing = {
    ...staying(5, 'willing'),
    keepAliveSeconds: 65_535,
    will: { topicName: 'will', payload, qos: 1, retain: false, properties: { willDelayInterval: longest } },
  } as const
  const away = await running.client(5, { ...willing, properties: { sessionExpiryInterval: longest } })
  await away.subscribe('kept', { qos: 1 })
  await running.lose(away)
  const sender = await running.client(5, { clientIdentifier: 'sender', keepAliveSeconds: 65_535 })
  const properties = { messageExpiryInterval: longest }
  for (const topicName of ['kept', 'held/1']) {
    sender.publish({ topicName, payload, qos: 1, packetId: 1, retain: topicName === 'kept', properties })
    await sender.next('puback')
  }
  await sender.quiet()
  // A timer that fired at once would do so again and again.
  const settled = turns
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal(turns, settled)
  running.advanceBy(2 ** 31 / 1000 + 1)
  // What was held is for Sessions that stay.
  const watcher = await running.client(5, staying(5, 'watcher'))
  await watcher.subscribe('will')
  running.advanceBy(longest - 2 ** 31 / 1000 - 60)
  await watcher.quiet()
  await watcher.subscribe('kept', { qos: 1 })
  assert.equal((await watcher.message()).text, 'kept')
  await watcher.subscribe('held/#', { qos: 1 })
  assert.equal((await watcher.message()).text, 'kept')
  running.advanceBy(120)
  assert.equal((await watcher.message()).topicName, 'will')
  const again = await running.open(5)
  assert.equal((await again.connect(staying(5, 'willing'))).sessionPresent, false)
  assert.deepEqual(overflows, [])
})

test('where nothing else is to be waited for, a Session and its Will Delay are waited for as long as they last', async () => {
  using folder = temporaryFolder()
  const store = () => sqlite(folder.path)
  const limits = { sysIntervalSeconds: 0 }
  {
    await using running = await startTestBroker({ limits, store: store() })
    const will = {
      topicName: 'will',
      payload,
      qos: 1,
      retain: false,
      properties: { willDelayInterval: longest },
    } as const
    const fields = { ...staying(5, 'willing'), will, properties: { sessionExpiryInterval: longest } }
    await running.lose(await running.client(5, fields))
  }
  let turns = 0
  const afterTurn = (): void => {
    turns += 1
  }
  // Nobody connects, whose Keep Alive would come before.
  await using running = await startTestBroker({ limits, store: store() }, { afterTurn })
  const settled = turns
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.deepEqual([turns, overflows], [settled, []])
  const again = await running.open(5)
  assert.equal((await again.connect(staying(5, 'willing'))).sessionPresent, true)
})

for (const words of [
  ['sub', '-t', 'a', '-W', '2147483647'],
  ['rr', '-t', 'a', '-e', 'b', '-m', 'x', '-W', '4000000'],
  ['pub', '-t', 'a', '-m', 'x', '--repeat', '2', '--repeat-delay', '99999999'],
]) {
  test(`pabal ${words[0]} waits as long as it is told to`, async () => {
    await using running = await startTestBroker()
    const connected = running.event('connected')
    const child = startPabal([...words, '-p', new URL(running.url).port])
    try {
      let printed = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          printed += text
        })
      }
      await connected
      using watcher = await running.client(5)
      // Long enough for a timer that fires at once: the broker has answered somebody who came later.
      for (let round = 0; round < 50; round++) await watcher.quiet()
      assert.deepEqual([child.exitCode, printed], [null, ''])
    } finally {
      child.kill('SIGKILL')
    }
  })
}
