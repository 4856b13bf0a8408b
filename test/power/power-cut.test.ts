/**
 * The power is cut under load: what was acknowledged is there, or, at `interval`, what was acknowledged before that.
 * `npm run prove` does the same more often.
 */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { killBrokers } from './broker-process.ts'
import { LoopFileSystem, whyNoLoopFileSystem } from './loop-file-system.ts'
import { loseInCut, surviveCuts, surviveReadOnly } from './power-cuts.ts'

const skip = (await whyNoLoopFileSystem()) ?? false
afterEach(killBrokers)

test('no acknowledged message is lost, no QoS 2 message repeated, and order is kept in five power cuts', {
  skip,
}, async (t) => {
  await using fileSystem = new LoopFileSystem(512)
  const seed = Date.now() % 1_000_000
  const { acknowledged } = await surviveCuts(fileSystem, 5, seed, (text) => t.diagnostic(text))
  assert.ok(acknowledged > 1000)
})

test('with durability interval a cut takes what was acknowledged in the last interval at most, from the end', {
  skip,
}, async (t) => {
  await using fileSystem = new LoopFileSystem(512)
  const loss = await loseInCut(fileSystem, 'interval', 5000)
  t.diagnostic(
    `${loss.messages} messages lost, the oldest acknowledged ${Math.round(loss.reachesBackMs)} ms before the cut`,
  )
  assert.equal(loss.hasHoles, false)
  assert.ok(loss.reachesBackMs <= 100, `the loss reaches back ${loss.reachesBackMs} ms`)
})

test('a file system that becomes read-only stops the broker with exit code 1, and nothing acknowledged is lost', {
  skip,
}, async () => {
  await using fileSystem = new LoopFileSystem(512)
  await surviveReadOnly(fileSystem)
})

test('a broker that acknowledges without a sync does lose: the check can fail', { skip }, async () => {
  await using fileSystem = new LoopFileSystem(512)
  const loss = await loseInCut(fileSystem, 'forgetful', 2000)
  assert.ok(loss.messages > 1000, `only ${loss.messages} were lost`)
})
