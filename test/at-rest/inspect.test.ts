/**
 * `pabal inspect` as a user runs it.
 */
import assert from 'node:assert/strict'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runPabal } from '../cli/tools.ts'
import { fill, filled, startOn, temporaryDirectory } from './filled.ts'

const directories = temporaryDirectory()
after(() => directories.remove())

async function inspect(...words: string[]): Promise<string> {
  const { stdout, stderr, code } = await runPabal(['inspect', ...words])
  assert.deepEqual([code, stderr], [0, ''])
  return stdout
}

async function complaint(...words: string[]): Promise<string> {
  const { stdout, stderr, code } = await runPabal(['inspect', ...words])
  assert.deepEqual([code, stdout], [1, ''])
  return stderr.replaceAll(directories.path, '.')
}

/** Times and sizes of files are not the same each time. */
function steady(text: string): string {
  return text
    .replaceAll(directories.path, '.')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replace(/^(File|Disk|Log|Snapshots) .*$/gm, '$1 …')
    .replace(/ +/g, ' ')
}

test('it says what is at rest as a table', async () => {
  const directory = await filled(directories.make())
  assert.equal(
    steady(await inspect('--data', directory)),
    `Data ./data-1
Format version 3
File …
Disk …
Log …
Snapshots …
Recipients 2 sets
Retained 1 message, 9 B
Held 0 messages, 0 B
Waiting 4 messages, 32 B, in 2 of 2 Sessions; 0 in flight

CLIENT ACCOUNT CLIENT IS ENDS SUBSCRIPTIONS WAITING BYTES OLDEST IN FLIGHT
sleeper - away TIME 2 3 24 B TIME 0
"other\\u001b[2J" - away never 1 1 8 B TIME 0

What keeps the log from being trimmed, the oldest first:

CLIENT ACCOUNT OLDEST RECORD FROM MESSAGES BYTES OF IT FOR NOBODY ELSE
sleeper - 6 TIME 3 24 B 16 B
"other\\u001b[2J" - 12 TIME 1 8 B 0 B
`,
  )
})

test('as JSON it says the same, of every Session', async () => {
  const directory = await filled(directories.make())
  const inspection = JSON.parse(await inspect('--data', directory, '--json'))
  assert.deepEqual(inspection.waiting, { sessions: 2, messages: 4, bytes: 32 })
  assert.deepEqual(inspection.retained, { messages: 1, bytes: 9 })
  assert.equal(inspection.formatVersion, 3)
  assert.equal(inspection.log.liveRecords, 4)
  assert.ok(inspection.file.fileSystemFreeBytes > 0 && inspection.file.bytes > 0)
  const [sleeper] = inspection.sessions
  assert.deepEqual(sleeper.subscriptions, [
    { topicFilter: 'a/+', qos: 1 },
    { topicFilter: '$share/group/c', qos: 2 },
  ])
  assert.deepEqual([sleeper.oldest.topicName, sleeper.wasConnected, sleeper.expirySeconds], ['a/b', false, 604_800])
})

test('it works beside a running broker, sees what is acknowledged, and the broker goes on', async () => {
  const directory = directories.make()
  await using broker = await startOn(directory)
  await fill(broker)
  using client = await broker.client(5, { clientIdentifier: 'here', properties: { sessionExpiryInterval: 60 } })
  await client.subscribe('a/b', { qos: 2 })
  client.publish({ topicName: 'a/b', qos: 2, packetId: 9 })
  const { packetId } = await client.message()
  await client.next('pubrec')
  const inspection = JSON.parse(await inspect('--data', directory, '--json'))
  assert.deepEqual(inspection.waiting, { sessions: 2, messages: 6, bytes: 38 })
  const here = inspection.sessions.find((session: { clientIdentifier: string }) => session.clientIdentifier === 'here')
  assert.deepEqual([here.wasConnected, here.endsAtMs, here.inboundPacketIds], [true, null, [9]])
  assert.deepEqual(
    here.inFlight.map((copy: { packetId: number }) => copy.packetId),
    [packetId],
  )
  const text = steady(await inspect('--data', directory, '--session', 'here'))
  assert.match(text, /Client is connected\n(.*\n)*Ends 60 s after it leaves\n(.*\n)*QoS 2 in 9 wait for PUBREL/)
  assert.match(text, new RegExp(`IN FLIGHT AS QOS RECORD BYTES WAITS FOR\\n ?${packetId} 2 \\d+ 3 B PUBREC`))
  await broker.broker.publish({ topicName: 'a/b', payload: 'goes on' })
  // The copy of `here` counts as waiting: that it was sent at QoS 1 is not written down.
  assert.equal(JSON.parse(await inspect('--data', directory, '--json')).waiting.messages, 9)
})

test('it takes no lock and leaves the database as it was', async () => {
  const directory = await filled(directories.make())
  const before = statSync(join(directory, 'pabal.db'))
  await inspect('--data', directory)
  const { mtimeMs, size } = statSync(join(directory, 'pabal.db'))
  assert.deepEqual([mtimeMs, size], [before.mtimeMs, before.size])
  await using broker = await startOn(directory)
  assert.equal(broker.broker.urls.length, 1)
})

test('one Session is shown with its Subscriptions and what comes next', async () => {
  const directory = await filled(directories.make())
  const text = steady(await inspect('--data', directory, '--session', 'sleeper'))
  assert.match(
    text,
    /^Client sleeper\nAccount -\nClient is away\nSince TIME\nEnds TIME\nWill -\nWaiting 3 messages, 24 B\n/,
  )
  assert.match(text, /SUBSCRIBED TO QOS\na\/\+ 1\n\$share\/group\/c 2\n/)
  assert.match(
    text,
    /NEXT: RECORD FROM TOPIC NAME QOS BYTES\n 6 TIME a\/b 1 8 B\n 7 TIME a\/b 1 8 B\n 12 TIME a\/b 1 8 B\n$/,
  )
  const [session] = JSON.parse(await inspect('--data', directory, '--session', 'sleeper', '--json'))
  assert.equal(session.waiting.messages, 3)
  assert.match(
    await complaint('--data', directory, '--session', 'sleepr'),
    /holds no Session with the Client Identifier sleepr\.\nIt holds 2 others/,
  )
})

test('every record can be had as a line of JSON', async () => {
  const directory = await filled(directories.make())
  const lines = (await inspect('--data', directory, '--records')).trimEnd().split('\n')
  const records = lines.map((line) => JSON.parse(line))
  const messages = records.filter(({ type }) => type === 'message')
  assert.deepEqual(
    messages.map(({ payload }) => payload),
    ['first', 'secon', 'third', { base64: '/wABAgM=' }],
  )
  assert.deepEqual([messages[3].retained, messages[3].topicName], ['set', 'kept'])
})

test('a directory without a database, and flags that do not go together, are refused with the way out', async () => {
  assert.equal(
    await complaint('--data', join(directories.path, 'nowhere')),
    `Pabal cannot inspect the data directory.\n\n./nowhere/pabal.db does not exist.\n`,
  )
  assert.match(await complaint('--records', '--json'), /--records is JSON already/)
  assert.match(await complaint('--sesion', 'x'), /Did you mean --session\?\)\nAll flags: pabal inspect --help/)
  assert.deepEqual(readdirSync(directories.path).includes('nowhere'), false)
})

test('the data directory can be the one a configuration file names', async () => {
  const directory = await filled(directories.make())
  const config = join(directories.path, 'pabal.yaml')
  writeFileSync(config, `data: ${directory}\n`)
  assert.match(await inspect('--config', config), /4 messages, 32 B, in 2 of 2 Sessions/)
})
