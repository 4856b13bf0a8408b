/**
 * What every store must do. An adapter passes it as it is and, if it is on a disk, opened anew between any two steps.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { record as anyRecord } from '../../test/support/at-rest.ts'
import { Message } from '../core/message.ts'
import type { CoreRecord, Seq } from '../core/record.ts'
import type { Snapshot } from '../core/rest/snapshot-round.ts'
import { publish } from '../protocol/packets/publish.ts'
import { readableRecord, readableSnapshot } from './readable.ts'
import { type Store, shard } from './store.ts'

/** A store to be tested, opened, with what it takes to close and open it and to be rid of it. */
export interface StoreUnderTest {
  /** The store as it is now; called before each step, which may be when it is opened anew. */
  next(): Promise<Store>
  /** Closes it and opens it again. */
  reopen(): Promise<void>
  remove(): Promise<void>
}

/** `runs`: how often the store is tried with steps made up at random. */
export function testStore(name: string, runs: number, make: () => Promise<StoreUnderTest>): void {
  const check = (title: string, body: (subject: StoreUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const subject = await make()
      try {
        await body(subject)
      } finally {
        await subject.remove()
      }
    })
  }
  testLog(check)
  testTrimming(check)
  testSnapshots(check)
  testClaims(check)
  test(`${name}: whatever is appended, trimmed and reopened, what is needed is there, in order and unchanged`, () =>
    testAgainstModel(make, runs))
}

type Check = (title: string, body: (subject: StoreUnderTest) => Promise<void>) => void

function settled(...orders: Seq[]): CoreRecord {
  return { type: 'settled', session: 1, orders }
}

const noMore = { inbound: null, willOf: null, held: null, replaces: 0, owed: null } as const

function message(payload: Uint8Array): CoreRecord {
  const packet = publish({ topicName: 'a/b', payload, qos: 1 })
  return {
    type: 'message',
    message: new Message(0, packet, 5),
    recipients: [2],
    retained: 'set',
    ...noMore,
  }
}

async function tailOf(store: Store, of = shard) {
  const found: ReturnType<typeof readableRecord>[] = []
  await store.tail(of, (seq, record) => found.push(readableRecord(seq, record)))
  return found
}

async function seqsOf(store: Store, of = shard): Promise<Seq[]> {
  const found: Seq[] = []
  await store.tail(of, (seq) => found.push(seq))
  return found
}

function testLog(check: Check): void {
  check('is empty at first', async (subject) => {
    assert.equal(await (await subject.next()).head(shard), 0)
    assert.deepEqual(await tailOf(await subject.next()), [])
    assert.equal((await subject.next()).isDurable, true)
  })

  check('hands over what was appended, in order, and knows the last place', async (subject) => {
    await (await subject.next()).append(shard, 1, [settled(1), settled(2)])
    await (await subject.next()).append(shard, 3, [settled(3)])
    const expected = [1, 2, 3].map((seq) => readableRecord(seq, settled(seq)))
    assert.deepEqual(await tailOf(await subject.next()), expected)
    assert.equal(await (await subject.next()).head(shard), 3)
  })

  check('refuses a batch that begins before the end of the log, and takes nothing of it', async (subject) => {
    await (await subject.next()).append(shard, 1, [settled(1)])
    for (const first of [0, 1]) {
      await assert.rejects((await subject.next()).append(shard, first, [settled(1), settled(2)]))
      await assert.rejects((await subject.next()).append(shard, first, [null, settled(2), settled(3)]))
    }
    assert.deepEqual(await seqsOf(await subject.next()), [1])
    await (await subject.next()).append(shard, 2, [settled(2)])
    assert.equal(await (await subject.next()).head(shard), 2)
  })

  check('leaves places empty where there is no record, in a batch and between batches', async (subject) => {
    await (await subject.next()).append(shard, 1, [settled(1), null, settled(3)])
    await (await subject.next()).append(shard, 6, [null, settled(7), settled(8), null])
    assert.equal(await (await subject.next()).head(shard), 8)
    const expected = [1, 3, 7, 8].map((seq) => readableRecord(seq, settled(seq)))
    assert.deepEqual(await tailOf(await subject.next()), expected)
    const found = (await (await subject.next()).read(shard, [3, 8])).sort((one, other) => one.seq - other.seq)
    assert.deepEqual(
      found.map(({ seq, record }) => readableRecord(seq, record)),
      [3, 8].map((seq) => readableRecord(seq, settled(seq))),
    )
    await assert.rejects((await subject.next()).read(shard, [2]))
    await (await subject.next()).trim(shard, 10, [7, 7])
    assert.equal(await (await subject.next()).head(shard), 8)
    assert.deepEqual(await tailOf(await subject.next()), [readableRecord(7, settled(7))])
    await (await subject.next()).append(shard, 10, [settled(10)])
    assert.deepEqual(await seqsOf(await subject.next()), [7, 10])
  })

  check('keeps its shards apart', async (subject) => {
    await (await subject.next()).append(0, 1, [settled(1)])
    await (await subject.next()).append(7, 1, [settled(1), settled(2)])
    await (await subject.next()).trim(7, 3, [])
    assert.deepEqual([await seqsOf(await subject.next(), 0), await seqsOf(await subject.next(), 7)], [[1], []])
    assert.deepEqual([await (await subject.next()).head(0), await (await subject.next()).head(7)], [1, 2])
  })

  check('takes a batch of many times what one block holds, whole', async (subject) => {
    const records = Array.from({ length: 60 }, (_, index) => message(Buffer.alloc(20_000 + index, index)))
    await (await subject.next()).append(shard, 1, records)
    const expected = records.map((record, index) => readableRecord(1 + index, record))
    assert.deepEqual(await tailOf(await subject.next()), expected)
    assert.equal(await (await subject.next()).head(shard), 60)
  })

  check('takes a record larger than a block', async (subject) => {
    const large = message(Buffer.alloc(1_000_000, 7))
    await (await subject.next()).append(shard, 1, [settled(1), large, settled(2)])
    const [, second] = await tailOf(await subject.next())
    assert.deepEqual(second, readableRecord(2, large))
  })

  check('reads single records from anywhere, each once, and says if one is not there', async (subject) => {
    const records = Array.from({ length: 40 }, (_, index) => message(Buffer.alloc(20_000, index)))
    await (await subject.next()).append(shard, 1, records)
    await (await subject.next()).append(shard, 41, [settled(41)])
    const found = await (await subject.next()).read(shard, [41, 3, 29])
    const sorted = found
      .map(({ seq, record }) => readableRecord(seq, record))
      .sort((one, other) => Number(one.seq) - Number(other.seq))
    const expected = [3, 29, 41].map((seq) => readableRecord(seq, records[seq - 1] ?? settled(seq)))
    assert.deepEqual(sorted, expected)
    await assert.rejects((await subject.next()).read(shard, [3, 42]))
    assert.deepEqual(await (await subject.next()).read(shard, []), [])
  })

  check('closes and opens again as it was, and goes on', async (subject) => {
    await (await subject.next()).append(shard, 1, [settled(1)])
    await subject.reopen()
    await (await subject.next()).append(shard, 2, [settled(2)])
    await subject.reopen()
    assert.deepEqual(await seqsOf(await subject.next()), [1, 2])
  })
}

function testTrimming(check: Check): void {
  check('forgets what is trimmed and keeps the runs that are needed under their seqs', async (subject) => {
    const store = await subject.next()
    for (let first = 1; first < 400; first += 4) {
      await store.append(shard, first, [settled(first), settled(first), settled(first), settled(first)])
    }
    const keep = [1, 1, 50, 61, 300, 300]
    await (await subject.next()).trim(shard, 390, keep)
    const left = await seqsOf(await subject.next())
    assert.deepEqual(
      left.filter((seq) => seq < 385),
      [1, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 300],
    )
    assert.deepEqual(left.slice(-11), [390, 391, 392, 393, 394, 395, 396, 397, 398, 399, 400])
    assert.equal(await (await subject.next()).head(shard), 400)
    const [found] = await (await subject.next()).read(shard, [51])
    assert.deepEqual(found?.record, settled(49))
  })

  check('remembers the last place when nothing is left', async (subject) => {
    await (await subject.next()).append(shard, 1, [settled(1), settled(2)])
    await (await subject.next()).trim(shard, 3, [])
    await subject.reopen()
    assert.deepEqual(await seqsOf(await subject.next()), [])
    assert.equal(await (await subject.next()).head(shard), 2)
    await (await subject.next()).append(shard, 3, [settled(3)])
    assert.deepEqual(await seqsOf(await subject.next()), [3])
  })

  check('trims again where it has trimmed before', async (subject) => {
    const store = await subject.next()
    for (let seq = 1; seq <= 300; seq++) await store.append(shard, seq, [settled(seq)])
    await (await subject.next()).trim(shard, 200, [10, 12, 150, 150])
    await (await subject.next()).trim(shard, 290, [11, 11, 150, 150, 250, 251])
    const left = await seqsOf(await subject.next())
    assert.deepEqual(
      left.filter((seq) => seq < 290),
      [11, 150, 250, 251],
    )
  })
}

function testSnapshots(check: Check): void {
  const covered = (through: Seq): Snapshot => ({ type: 'covered', through })
  const recipients = (id: Seq, count: number): Snapshot => {
    const member = { qos: 1, retain: 'cleared', subscriptionIdentifiers: null, sharedFilter: null } as const
    return {
      type: 'recipients',
      id,
      members: Array.from({ length: count }, (_, index) => ({ session: index + 1, ...member })),
    }
  }
  const session = (number: Seq, clientIdentifier: string): Snapshot => {
    const times = { createdMs: 2, endsAtMs: 0, willAtMs: 0, sessionExpiryInterval: 60 }
    const lists = { subscriptions: [], inboundPacketIds: [], taken: [], inFlight: [], groups: null }
    const rest = { account: '', will: null, from: 1, sentThrough: 0 }
    return { type: 'session', number, session: { number, clientIdentifier, ...times, ...lists, ...rest } }
  }
  const all = async (store: Store) => {
    const found: ReturnType<typeof readableSnapshot>[] = []
    await store.snapshots(shard, (snapshot, at) => found.push(readableSnapshot(at, snapshot)))
    return found
  }

  check('hands over snapshots, those of Sessions first', async (subject) => {
    await (await subject.next()).put(shard, 9, [covered(8), recipients(4, 2), session(12, 'b'), session(3, 'a')])
    const found = await all(await subject.next())
    const types = found.map(({ type }) => type)
    assert.deepEqual(types.slice(0, 2), ['session', 'session'])
    assert.deepEqual(types.slice(2).sort(), ['covered', 'recipients'])
    const first = found.find(({ number }) => number === 3)
    assert.deepEqual(first, readableSnapshot(9, session(3, 'a')))
  })

  check('replaces a snapshot by the next of the same thing, and removes it with the thing', async (subject) => {
    await (await subject.next()).put(shard, 9, [
      session(3, 'a'),
      session(4, 'b'),
      recipients(5, 1),
      recipients(6, 1),
      covered(9),
    ])
    await (await subject.next()).put(shard, 20, [session(3, 'c'), { type: 'session', number: 4, session: null }])
    await (await subject.next()).put(shard, 21, [{ type: 'recipients', id: 5, members: null }, covered(20)])
    const found = await all(await subject.next())
    const expected = [
      readableSnapshot(20, session(3, 'c')),
      readableSnapshot(9, recipients(6, 1)),
      readableSnapshot(21, covered(20)),
    ]
    assert.deepEqual(found, expected)
  })

  check('keeps thousands of snapshots through closing and opening', async (subject) => {
    const sessions = Array.from({ length: 4500 }, (_, index) => session(index + 1, `client ${index}`))
    await (await subject.next()).put(shard, 1, sessions)
    await subject.reopen()
    const found = await all(await subject.next())
    assert.deepEqual(new Set(found.map(({ number }) => number)).size, 4500)
  })
}

function testClaims(check: Check): void {
  const text = (claims: [string, Uint8Array][]) => claims.map(([key, value]) => [key, Buffer.from(value).toString()])

  check('lets a claim be made once', async (subject) => {
    assert.equal(await (await subject.next()).claim('a/1', Buffer.from('one'), null), true)
    assert.equal(await (await subject.next()).claim('a/1', Buffer.from('two'), null), false)
    assert.equal(await (await subject.next()).claim('a/1', Buffer.from('three'), 3_600_000), false)
    assert.deepEqual(text(await (await subject.next()).claims('a/')), [['a/1', 'one']])
  })

  check('lets a claim be made again when its time is over, and not before', async (subject) => {
    assert.equal(await (await subject.next()).claim('over', Buffer.from('one'), 0), true)
    assert.equal(await (await subject.next()).claim('long', Buffer.from('one'), 3_600_000), true)
    assert.deepEqual(text(await (await subject.next()).claims('')), [['long', 'one']])
    assert.equal(await (await subject.next()).claim('over', Buffer.from('two'), null), true)
    assert.equal(await (await subject.next()).claim('long', Buffer.from('two'), null), false)
  })

  check('lists claims by key, by the beginning of it, as it is written', async (subject) => {
    for (const key of ['b%1', 'b_2', 'a', 'b%', 'B%3']) await (await subject.next()).claim(key, Buffer.from(key), null)
    assert.deepEqual(text(await (await subject.next()).claims('b%')), [
      ['b%', 'b%'],
      ['b%1', 'b%1'],
    ])
    await subject.reopen()
    assert.equal((await (await subject.next()).claims('')).length, 5)
  })
}

type Step =
  | { readonly type: 'append'; readonly records: readonly (CoreRecord | null)[] }
  /** Keeps about one record of `every`, in runs of `run`, before a share of the log. */
  | { readonly type: 'trim'; readonly share: number; readonly every: number; readonly run: number }
  | { readonly type: 'reopen' }

const large = fc.nat({ max: 60_000 }).map((size) => message(Buffer.alloc(size, size)))
const place = fc.oneof({ weight: 3, arbitrary: anyRecord }, large, fc.constant(null))
const records = fc.array(place, { minLength: 1, maxLength: 12 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('append' as const), records }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('trim' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      every: fc.integer({ min: 1, max: 9 }),
      run: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
)

/** The log as it must be: what may have been forgotten is `doubtful` until it is seen to be gone. */
class Model {
  readonly records = new Map<Seq, CoreRecord>()
  readonly doubtful = new Set<Seq>()
  head = 0
  /** The next place, behind those that stayed empty. */
  next = 1

  append(batch: readonly (CoreRecord | null)[]): void {
    for (const record of batch) {
      if (record !== null) {
        this.head = this.next
        this.records.set(this.head, record)
      }
      this.next += 1
    }
  }

  /** What to trim, as the port wants it told. */
  trim({ share, every, run }: Extract<Step, { type: 'trim' }>): { before: Seq; keep: Seq[] } {
    const before = Math.floor(share * (this.head + 1))
    const keep: Seq[] = []
    for (const seq of this.records.keys()) {
      if (seq >= before) break
      if (this.doubtful.has(seq)) continue
      if (Math.floor(seq / run) % every !== 0) this.doubtful.add(seq)
      else if (keep.at(-1) === seq - 1) keep[keep.length - 1] = seq
      else keep.push(seq, seq)
    }
    return { before, keep }
  }

  agree(found: readonly ReturnType<typeof readableRecord>[]): void {
    const seen = new Set(found.map(({ seq }) => Number(seq)))
    for (const seq of this.doubtful) {
      if (seen.has(seq)) continue
      this.doubtful.delete(seq)
      this.records.delete(seq)
    }
    assert.deepEqual(
      found,
      Array.from(this.records, ([seq, record]) => readableRecord(seq, record)),
    )
  }
}

function testAgainstModel(make: () => Promise<StoreUnderTest>, numRuns: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const subject = await make()
      try {
        const model = new Model()
        for (const each of steps) {
          if (each.type === 'reopen') await subject.reopen()
          else if (each.type === 'append') {
            await (await subject.next()).append(shard, model.next, each.records)
            model.append(each.records)
          } else {
            const { before, keep } = model.trim(each)
            await (await subject.next()).trim(shard, before, keep)
          }
          const store = await subject.next()
          model.agree(await tailOf(store))
          const wanted = [...model.records.keys()].filter((seq) => seq % 3 === 0)
          const read = await store.read(shard, wanted)
          assert.deepEqual(
            read.map(({ seq }) => seq).sort((one, other) => one - other),
            wanted,
          )
          assert.equal(await store.head(shard), model.head)
        }
      } finally {
        await subject.remove()
      }
    }),
    { numRuns },
  )
}
