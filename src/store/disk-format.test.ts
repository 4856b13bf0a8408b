import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { record } from '../../test/support/at-rest.ts'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import { ByteWriter } from '../protocol/byte-writer.ts'
import { readableRecord } from './readable.ts'
import { readBlock, writeRecordBytes } from './record-codec.ts'
import { applicationId, currentFormat } from './sqlite/format.ts'
import { openForWriting } from './sqlite/open-database.ts'

const page = readFileSync(new URL('../../docs/disk-format.md', import.meta.url), 'utf8')

/** The inside of the first fenced block of this language. */
function fenced(language: string): string {
  const inside = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1]
  assert.ok(inside !== undefined, `docs/disk-format.md has no block of ${language}`)
  return inside
}

const steady = (sql: string) => sql.replace(/\s+/g, ' ').replace(/;$/, '').trim()

test('the page has the tables, the version and the application id of a new database', () => {
  const path = join(temporaryDirectory(), 'new.db')
  openForWriting(path, { synchronous: 'FULL', acceptLoss: false }).close()
  const connection = new DatabaseSync(path)
  const tables = connection.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' ORDER BY rowid").all()
  const pragma = (name: string) => Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0]
  const found = [pragma('page_size'), pragma('auto_vacuum'), pragma('user_version'), pragma('application_id')]
  connection.close()
  const documented = fenced('sql')
    .split(/(?<=;)\n/)
    .filter((statement) => statement.trim() !== '')
  assert.deepEqual(
    tables.map(({ sql }) => steady(String(sql))),
    documented.map((statement) => steady(statement.trim())),
  )
  assert.deepEqual(found, [8192, 2, currentFormat.version, applicationId])
  assert.match(page, new RegExp(`^Format version ${currentFormat.version}\\.`, 'm'))
  assert.match(page, new RegExp(`0x${applicationId.toString(16)}`))
})

test('the page has the number of every type of record', () => {
  const documented = Array.from(
    page.matchAll(/^\| (\d+) \| `([a-z-]+)` \|/gm),
    ([, number, type]) => `${number} ${type}`,
  )
  const written = new Set<string>()
  for (const each of fc.sample(record, 2000)) {
    const writer = new ByteWriter(64)
    writeRecordBytes(writer, each, 0)
    written.add(`${writer.bytes[5]} ${each.type}`)
  }
  assert.deepEqual(
    documented,
    [...written].sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10)),
  )
})

test('the worked example says what its bytes say', () => {
  const hex = fenced('text')
    .split('\n')
    .map((line) => line.split('|')[0] ?? '')
    .join('')
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const [, size, first, last, records, checksum] =
    /block of (\d+) bytes with `first` (\d+), `last` (\d+), `records` (\d+) and `checksum` (\d+)/.exec(page) ?? []
  const expected = fenced('json').trimEnd().split('\n')
  const found: string[] = []
  const writer = new ByteWriter(64)
  let before = Number(first)
  readBlock(bytes, before, (seq, each) => {
    found.push(JSON.stringify(readableRecord(seq, each)))
    writeRecordBytes(writer, each, seq - before)
    before = seq
  })
  assert.deepEqual(found, expected)
  assert.deepEqual([bytes.length, before, found.length, crc32(bytes)], [size, last, records, checksum].map(Number))
  assert.deepEqual(Buffer.from(writer.bytes.subarray(0, writer.position)), bytes)
})
