/**
 * A damaged data directory: refused at the start with the place, and repaired as far as it goes.
 */
import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { createBroker, sqlite } from '../../src/index.ts'
import { runPabal } from '../cli/tools.ts'
import { fill, filled, received, startOn, temporaryDirectory } from './filled.ts'

const directories = temporaryDirectory()
after(() => directories.remove())

/** With its log as one block for each batch: nothing has been trimmed or joined. */
async function logged(): Promise<string> {
  const directory = directories.make()
  const broker = await startOn(directory)
  await fill(broker)
  const copy = directories.make()
  await pabal('backup', `${copy}.db`, '--data', directory)
  await broker.broker.stop()
  await pabal('restore', `${copy}.db`, '--data', copy)
  return copy
}

async function pabal(...words: string[]): Promise<string> {
  const { stdout, stderr, code } = await runPabal(words)
  assert.deepEqual([code, stderr], [0, ''])
  return stdout.replaceAll(directories.path, '.')
}

function alter(directory: string, sql: string): void {
  const connection = new DatabaseSync(join(directory, 'pabal.db'))
  connection.exec(sql)
  connection.close()
}

/** What `pabal start` says instead of starting. */
async function refusal(directory: string): Promise<string> {
  const { stdout, stderr, code } = await runPabal(['start', '--listen', 'tcp://127.0.0.1:0', '--data', directory])
  assert.deepEqual([code, stdout], [1, ''])
  return stderr.replaceAll(directories.path, '.')
}

/** The one block that holds the message with this payload. */
function blockWith(directory: string, payload: string): number {
  const connection = new DatabaseSync(join(directory, 'pabal.db'))
  const row = connection.prepare('SELECT first FROM log WHERE instr(bytes, CAST(? AS BLOB)) > 0').get(payload)
  connection.close()
  return Number(row?.first)
}

const flip = (first: number) =>
  `UPDATE log SET bytes = CAST(replace(bytes, 'secon', 'sekon') AS BLOB) WHERE first = ${first}`

test('a corrupt block before valid ones: the broker does not start and says where, and a repair loses only that', async () => {
  const directory = await logged()
  const first = blockWith(directory, 'secon')
  alter(directory, flip(first))
  assert.equal(
    (await refusal(directory)).replaceAll(`${first}`, 'N'),
    `Pabal cannot start.

./data-2/pabal.db: table log: the checksum of block N (records N to N) does not fit its bytes.
The broker does not go on from what it cannot trust. Stop it if it runs; then
"pabal repair --data ./data-2" keeps what can be read, sets the rest aside and says what was lost.
`,
  )
  const damaged = readFileSync(join(directory, 'pabal.db'))
  const text = await pabal('repair', '--data', directory)
  assert.equal(
    text.replaceAll(` ${first}`, ' N').replace(/, \d+ records/, ', … records'),
    `Repaired. What was lost:

table log, block N: records N to N: the checksum does not fit its bytes
    as far as it can be read it held 1 message; messages to a/b

What is there now: 2 Sessions, 3 messages for them, 1 Retained Message, … records in the log.

The damaged database is in ./data-2/pabal.db.damaged-1. Delete it when you want nothing more of it.
`,
  )
  assert.deepEqual(readFileSync(join(directory, 'pabal.db.damaged-1')).length, damaged.length)
  assert.deepEqual(await received(directory, 2), ['first', 'third'])
})

test('a library broker on a corrupt block does not start either', async () => {
  const directory = await logged()
  alter(directory, 'UPDATE log SET checksum = 1 WHERE first = (SELECT min(first) FROM log)')
  const broker = createBroker({ listen: [], store: sqlite(directory) })
  await assert.rejects(broker.start(), /pabal\.db: table log: the checksum of block 1 /)
  await broker.stop()
})

test('a block whose checksum fits but whose bytes are not records is found as well', async () => {
  const directory = await logged()
  const first = blockWith(directory, 'third')
  // The CRC-32 of the four bytes that follow.
  alter(directory, `UPDATE log SET bytes = x'00000001', checksum = 1447292810 WHERE first = ${first}`)
  const text = await refusal(directory)
  assert.match(
    text,
    new RegExp(`table log: block ${first} \\(records ${first} to \\d+\\): it ends inside a record\\.\n`),
  )
  assert.match(await pabal('repair', '--data', directory), /it ends inside a record\n/)
})

test('a lost snapshot of a Session is told by its Client Identifier', async () => {
  const directory = await filled(directories.make())
  alter(directory, "UPDATE snapshot SET checksum = 1 WHERE instr(bytes, CAST('sleeper' AS BLOB)) > 0")
  assert.match(await refusal(directory), /table snapshot: the checksum of "a\/session\/\d+" does not fit its bytes\./)
  const text = await pabal('repair', '--data', directory)
  assert.match(
    text,
    /table snapshot, "a\/session\/\d+": the checksum .*\n {4}it was the Session of Client Identifier sleeper\n/,
  )
  assert.match(text, /What is there now: 1 Session, 1 message for them, 1 Retained Message/)
})

test('messages whose recipients are lost are named', async () => {
  const directory = await logged()
  alter(directory, `UPDATE log SET checksum = 1 WHERE first = ${blockWith(directory, 'first')}`)
  const text = await pabal('repair', '--data', directory)
  assert.match(text, /held 1 recipients, 1 message; messages to a\/b\n/)
  assert.match(text, /Messages that are there, but for whom is lost in part or whole: records \d+\.\n/)
  assert.deepEqual(await received(directory, 1), ['third'])
})

test('pages that SQLite cannot read cost the rows on them, and the numbers go on where they were', async () => {
  const directory = directories.make()
  const broker = await startOn(directory)
  using sleeper = await broker.client(5, {
    clientIdentifier: 'sleeper',
    properties: { sessionExpiryInterval: 604_800 },
  })
  await sleeper.subscribe('a/+', { qos: 1 })
  await broker.lose(sleeper)
  const payload = 'x'.repeat(3000)
  for (let count = 0; count < 60; count++)
    await broker.broker.publish({ topicName: 'a/b', payload: `${count} ${payload}` })
  const copy = directories.make()
  await pabal('backup', `${copy}.db`, '--data', directory)
  await broker.broker.stop()
  await pabal('restore', `${copy}.db`, '--data', copy)
  const before = JSON.parse(await pabal('inspect', '--data', copy, '--json'))
  const file = join(copy, 'pabal.db')
  // In the midst of the messages.
  const page = Math.floor(statSync(file).size / 8192 / 2)
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(8192, 0xee), 0, 8192, page * 8192)
  closeSync(descriptor)
  assert.match(await refusal(copy), /pabal\.db: database disk image is malformed\.\nThe broker does not go on/)
  const text = await pabal('repair', '--data', copy)
  assert.match(text, /table log, .*: SQLite cannot read it: database disk image is malformed\n/)
  const now = JSON.parse(await pabal('inspect', '--data', copy, '--json'))
  assert.equal(now.log.lastSeq, before.log.lastSeq)
  const { messages } = now.waiting
  assert.ok(messages >= 50 && messages < 60, `${messages} messages`)
  assert.equal((await received(copy, messages)).length, messages)
})

test('a directory that is in order is left as it is', async () => {
  const directory = await filled(directories.make())
  assert.match(
    await pabal('repair', '--data', directory),
    /^Nothing in .* is damaged, and nothing was changed: 2 Sessions, /,
  )
  assert.deepEqual(
    readdirSync(directory).filter((name) => /partial|damaged/.test(name)),
    [],
  )
})

test('where there is no database of ours there is nothing to repair', async () => {
  const empty = await runPabal(['repair', '--data', join(directories.path, 'none')])
  assert.match(
    empty.stderr,
    /^Pabal cannot repair the data directory\.\n\n.*pabal\.db does not exist, or is empty: there is nothing/,
  )
  const directory = directories.make()
  await filled(directory)
  writeFileSync(join(directory, 'pabal.db'), 'overwritten by a text from the first byte on. '.repeat(1000))
  const { stderr, code } = await runPabal(['repair', '--data', directory])
  assert.equal(code, 1)
  assert.match(stderr, /is not a database\.\nIf it was one of Pabal's, its beginning is damaged: "pabal restore"/)
})
