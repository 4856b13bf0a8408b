/**
 * `pabal backup` and `pabal restore` as a user runs them.
 */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { runPabal } from '../cli/tools.ts'
import { fill, filled, received, startOn, temporaryDirectory } from './filled.ts'

const directories = temporaryDirectory()
after(() => directories.remove())
const contents = '2 Sessions, 4 messages for them, 1 Retained Message'

async function pabal(...words: string[]): Promise<string> {
  const { stdout, stderr, code } = await runPabal(words)
  assert.deepEqual([code, stderr], [0, ''])
  return stdout.replaceAll(directories.path, '.')
}

async function complaint(...words: string[]): Promise<string> {
  const { stdout, stderr, code } = await runPabal(words)
  assert.deepEqual([code, stdout], [1, ''])
  return stderr.replaceAll(directories.path, '.')
}

test('a backup of a stopped broker brings everything back', async () => {
  const directory = await filled(directories.make())
  const file = `${directory}.backup`
  assert.match(
    await pabal('backup', file, '--data', directory),
    new RegExp(`^Backed up to ./data-1.backup, .* KiB: ${contents}, `),
  )
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const other = directories.make()
  const restored = await pabal('restore', file, '--data', other)
  assert.match(restored, new RegExp(`^Restored to ./data-2: ${contents}, \\d+ records in the log.\n$`))
  assert.deepEqual(await received(other, 3), ['first', 'secon', 'third'])
})

test('a backup of a running broker holds what was acknowledged, and the broker goes on', async () => {
  const directory = directories.make()
  const file = `${directory}.backup`
  const broker = await startOn(directory)
  await fill(broker)
  await pabal('backup', file, '--data', directory)
  await broker.broker.publish({ topicName: 'a/b', payload: 'later' })
  await broker.broker.stop()
  const other = directories.make()
  await pabal('restore', file, '--data', other)
  assert.deepEqual(await received(other, 3), ['first', 'secon', 'third'])
  assert.deepEqual(await received(directory, 4), ['first', 'secon', 'third', 'later'])
})

test('a backup never replaces a file, and leaves nothing half done', async () => {
  const directory = await filled(directories.make())
  const file = `${directory}.backup`
  writeFileSync(file, 'mine')
  assert.match(
    await complaint('backup', file, '--data', directory),
    /^Pabal cannot make the backup\.\n\n.*backup exists already\./,
  )
  assert.equal(readFileSync(file, 'utf8'), 'mine')
  assert.match(await complaint('backup', join(directories.path, 'no', 'where'), '--data', directory), /no\/where/)
  assert.match(await complaint('backup', '--data', directory), /missing required argument 'FILE'/)
})

test('a data directory with a corrupt block is not backed up as if it were sound', async () => {
  const directory = await filled(directories.make())
  const connection = new DatabaseSync(join(directory, 'pabal.db'))
  connection.exec('UPDATE log SET checksum = checksum + 1')
  connection.close()
  const file = `${directory}.backup`
  const text = await complaint('backup', file, '--data', directory)
  assert.match(
    text,
    /table log: the checksum of block \d+ \(records \d+ to \d+\) does not fit its bytes\.\n(.*\n)?"pabal repair --data /,
  )
  assert.equal(existsSync(file), false)
  assert.deepEqual(
    readdirSync(directories.path).filter((name) => name.includes('partial')),
    [],
  )
})

test('restoring leaves data alone unless it is forced, and then keeps it under another name', async () => {
  const from = await filled(directories.make())
  const file = `${from}.backup`
  await pabal('backup', file, '--data', from)
  const directory = directories.make()
  const broker = await startOn(directory)
  await broker.broker.publish({ topicName: 'theirs', payload: 'x', retain: true })
  await broker.broker.stop()
  assert.match(
    await complaint('restore', file, '--data', directory),
    /holds data already\. Nothing was changed\.\n.*--force/,
  )
  assert.match(
    await pabal('restore', file, '--data', directory, '--force'),
    /What was there is in .*\/pabal\.db\.before-restore-1\.\n$/,
  )
  assert.deepEqual(await received(directory, 3), ['first', 'secon', 'third'])
  const kept = directories.make()
  mkdirSync(kept)
  copyFileSync(join(directory, 'pabal.db.before-restore-1'), join(kept, 'pabal.db'))
  assert.match(await pabal('inspect', '--data', kept), /Retained +1 message, 7 B/)
})

test('restoring and repairing wait for no running broker: they refuse', async () => {
  const from = await filled(directories.make())
  const file = `${from}.backup`
  await pabal('backup', file, '--data', from)
  const directory = directories.make()
  await using broker = await startOn(directory)
  for (const words of [['restore', file, '--force'], ['repair']]) {
    assert.match(
      await complaint(...words, '--data', directory),
      new RegExp(`in use by another broker, process ${process.pid}`),
    )
  }
  assert.equal((await broker.broker.publish({ topicName: 'a', retain: true })).matched, 0)
})

test('what is no backup is not restored, and the directory stays as it was', async () => {
  const directory = await filled(directories.make())
  const text = join(directories.path, 'text')
  writeFileSync(text, 'not a database at all, but a text of some length. '.repeat(50))
  const broken = join(directories.path, 'broken')
  await pabal('backup', broken, '--data', directory)
  const bytes = readFileSync(broken)
  bytes.fill(0xaa, 8192 * 2)
  writeFileSync(broken, bytes)
  assert.match(await complaint('restore', text, '--data', directory, '--force'), /is not a database/)
  assert.match(
    await complaint('restore', broken, '--data', directory, '--force'),
    /\n\n\.\/broken: SQLite finds it damaged: Tree \d+ page \d+: /,
  )
  assert.match(await complaint('restore', `${text}.none`, '--data', directory, '--force'), /text\.none does not exist/)
  assert.deepEqual(
    readdirSync(directory).filter((name) => /partial|before/.test(name)),
    [],
  )
  assert.deepEqual(await received(directory, 3), ['first', 'secon', 'third'])
})
