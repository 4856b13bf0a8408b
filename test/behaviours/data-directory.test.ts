/**
 * Whose the data directory is, and what is said when it cannot be used.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { sqlite } from '../../src/index.ts'
import { BrokerProcess, killBrokers, startBroker, startCommand } from '../power/broker-process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const parent = temporaryDirectory()
afterEach(killBrokers)

async function refusal(directory: string): Promise<string> {
  const broker = new BrokerProcess(startCommand(directory))
  const { exitCode } = await broker.exited
  assert.equal(exitCode, 1)
  assert.equal(broker.stdout, '')
  return broker.stderr
}

test('a second broker on the same directory refuses and names the first; when that is killed, the next one starts', async () => {
  const directory = join(parent, 'shared')
  const first = await startBroker(directory)
  const complaint = await refusal(directory)
  assert.match(
    complaint,
    /^Pabal cannot start\.\n\nThe data directory \S+shared is in use by another broker, process \d+\.\n/,
  )
  assert.match(complaint, /Stop that one first, or give this one a directory of its own with --data\.\n$/)
  await first.kill('SIGKILL')
  const next = await startBroker(directory)
  await next.kill('SIGTERM')
  assert.match(next.stdout, /Stopped\.\n$/)
})

test('a second store in the same process is refused, too, and opens when the first is closed', async () => {
  const directory = join(parent, 'process')
  const first = sqlite(directory)
  const second = sqlite(directory)
  await first.open()
  await assert.rejects(second.open(), /in use by another broker/)
  await first.close()
  await second.open()
  await second.close()
})

test('a second store in the same process that is refused does not open the directory to a broker of another one', async () => {
  const directory = join(parent, 'both')
  const first = sqlite(directory)
  await first.open()
  await assert.rejects(sqlite(directory).open(), /in use by another broker/)
  assert.match(await refusal(directory), /in use by another broker/)
  await first.close()
})

test('a file in place of the directory is named, with the way out', async () => {
  const path = join(parent, 'file')
  writeFileSync(path, 'something')
  const complaint = await refusal(path)
  assert.equal(
    complaint,
    `Pabal cannot start.\n\nThe data directory ${path} is a file.\nName a directory with --data.\n`,
  )
})

test('a directory that cannot be written is named, with the reason and the way out', async (t) => {
  const directory = join(parent, 'unwritable')
  mkdirSync(directory)
  if (process.getuid?.() !== 0) chmodSync(directory, 0o500)
  else {
    // Nothing but a read-only file system keeps root out.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', directory])
    t.after(() => execFileSync('umount', [directory]))
  }
  const complaint = await refusal(directory)
  assert.match(complaint, /^Pabal cannot start\.\n\nThe data directory \S+unwritable cannot be used: E(?:ROFS|ACCES): /)
  assert.match(complaint, /\nMake it writable for this user, or name another one with --data\.\n$/)
})
