import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { DataDirectoryError } from './data-directory.ts'
import { currentFormat, type Format, type Migration } from './format.ts'
import { openForReading, openForWriting } from './open-database.ts'

const directory = temporaryDirectory()

const careful = { synchronous: 'FULL', acceptLoss: false } as const
let files = 0

/** A database with one block, and its format version. */
function stored(version: number = currentFormat.version): string {
  files += 1
  const path = join(directory, `${files}.db`)
  const database = openForWriting(path, careful)
  database.transaction(() => {
    database.insertBlock(0, { first: 1, last: 2, records: 2, bytes: new Uint8Array([1, 2, 3]) })
    database.setHead(0, 2)
  })
  database.close()
  alter(path, `PRAGMA user_version = ${version}`)
  return path
}

function alter(path: string, sql: string): void {
  const connection = new DatabaseSync(path)
  connection.exec(sql)
  connection.close()
}

function column(path: string, sql: string): unknown[] {
  const connection = new DatabaseSync(path)
  const rows = connection.prepare(sql).all()
  connection.close()
  return rows.map((row) => Object.values(row)[0])
}

function refusal(open: () => unknown): string {
  try {
    open()
  } catch (error) {
    assert.ok(error instanceof DataDirectoryError, String(error))
    return error.message.replaceAll(directory, '.')
  }
  throw new Error('it was opened')
}

/** Formats that never were: 1 has no times, 2 has them, 3 has no log. */
const timed: Migration = {
  apply: (connection) => connection.exec('ALTER TABLE log ADD COLUMN atMs INTEGER'),
  discards: () => null,
}
const emptied: Migration = {
  apply: (connection) => connection.exec('DELETE FROM log'),
  discards: (connection) => {
    const { records } = connection.prepare('SELECT sum(records) AS records FROM log').get() ?? {}
    return Number(records ?? 0) === 0 ? null : `${records} records`
  },
}
const failing: Migration = {
  apply: (connection) => connection.exec('DELETE FROM log; DELETE FROM nowhere'),
  discards: () => null,
}
const made = (version: number, ...migrations: [number, Migration][]): Format => ({
  version,
  migrations: new Map(migrations),
})

test('an older version is upgraded step by step, and what it holds is still there', () => {
  const path = stored(1)
  const third: Migration = {
    apply: (connection) => connection.exec('UPDATE log SET atMs = 7'),
    discards: () => null,
  }
  openForWriting(path, careful, made(3, [1, timed], [2, third])).close()
  assert.deepEqual(column(path, 'PRAGMA user_version'), [3])
  assert.deepEqual(column(path, 'SELECT atMs FROM log'), [7])
  openForWriting(path, careful, made(3, [1, timed], [2, third])).close()
})

test('an upgrade that would lose something says how much and refuses, unless the loss is accepted', () => {
  const path = stored(2)
  const format = made(3, [2, emptied])
  assert.equal(
    refusal(() => openForWriting(path, careful, format)),
    `./${files}.db has format version 2; making version 3 of it would lose 2 records. Nothing was changed.
Use the version of Pabal that wrote it until that is delivered, or start with --accept-loss.`,
  )
  assert.deepEqual(column(path, 'SELECT records FROM log'), [2])
  openForWriting(path, { ...careful, acceptLoss: true }, format).close()
  assert.deepEqual(column(path, 'SELECT records FROM log'), [])
})

test('an upgrade that fails changes nothing', () => {
  const path = stored(1)
  assert.throws(() => openForWriting(path, careful, made(2, [1, failing])), /no such table: nowhere/)
  assert.deepEqual(column(path, 'PRAGMA user_version'), [1])
  assert.deepEqual(column(path, 'SELECT records FROM log'), [2])
})

test('a version with no way from it, and a newer one, are refused', () => {
  assert.match(
    refusal(() => openForWriting(stored(1), careful, made(3, [2, emptied]))),
    /knows no way from there to version 3/,
  )
  assert.match(
    refusal(() => openForWriting(stored(9), careful)),
    /has format version 9; .*\nUse the version of Pabal/,
  )
  assert.match(
    refusal(() => openForReading(stored(9))),
    /has format version 9; .*\nUse the version of Pabal/,
  )
  assert.match(
    refusal(() => openForReading(stored(0))),
    /older format version 0; .*\nStart the broker on it once/,
  )
})

test("another program's database, and what is none, are refused and left alone", () => {
  const foreign = join(directory, 'foreign.db')
  alter(foreign, 'CREATE TABLE theirs (a); PRAGMA application_id = 5')
  for (const open of [() => openForWriting(foreign, careful), () => openForReading(foreign)]) {
    assert.match(refusal(open), /foreign.db is a database of another program \(application id 5, /)
  }
  assert.deepEqual(column(foreign, 'SELECT name FROM sqlite_schema'), ['theirs'])
  const text = join(directory, 'text.db')
  writeFileSync(text, 'these are not the bytes you look for. '.repeat(100))
  for (const open of [() => openForWriting(text, careful), () => openForReading(text)]) {
    assert.match(refusal(open), /text.db is not a database\.\nIf it was one of Pabal's, /)
  }
})

test('reading needs a database with something in it', () => {
  assert.equal(
    refusal(() => openForReading(join(directory, 'none.db'))),
    './none.db does not exist.',
  )
  writeFileSync(join(directory, 'empty.db'), '')
  assert.equal(
    refusal(() => openForReading(join(directory, 'empty.db'))),
    './empty.db is empty.',
  )
})

test('a reader sees what is committed beside a writer, and neither waits for the other', () => {
  const path = stored()
  const writer = openForWriting(path, careful)
  const reader = openForReading(path)
  reader.readTransaction(() => {
    assert.equal(reader.head(0), 2)
    writer.transaction(() => writer.setHead(0, 3))
    assert.equal(reader.head(0), 2)
  })
  assert.equal(reader.head(0), 3)
  assert.throws(() => reader.setHead(0, 4), /readonly/)
  reader.close()
  writer.close()
})
