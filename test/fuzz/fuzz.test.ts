/**
 * The broker as a process of its own bears what nobody should send it. `npm run fuzz` looks for more.
 *
 * PABAL_FUZZ_PACKETS changes the number, PABAL_SEED the seed.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeChance } from '../support/chance.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { fuzz, keepsItsSize, settledBytes } from './fuzz.ts'
import { FuzzedBroker } from './fuzzed-broker.ts'
import { playScene } from './play.ts'
import { makePools, makeScene } from './scenes.ts'
import { countPackets, recorded, scriptsOf } from './script.ts'
import { shrink } from './shrink.ts'

const packets = Number(process.env.PABAL_FUZZ_PACKETS ?? 200_000)
const seed = Number(process.env.PABAL_SEED ?? 20_261_125)
const corpus = fileURLToPath(new URL('corpus', import.meta.url))
const root = temporaryDirectory()

/** A leak is of many: as often as this. */
const leakRounds = 250

test(`${packets} damaged and whole packets, of many clients at once: no crash, no turn over 50 ms, no leak`, async () => {
  const said: string[] = []
  const { findings } = await fuzz({
    seed,
    packets,
    packetsPerRound: Math.ceil(packets / 4),
    folder: join(root, 'found'),
    goesOn: () => true,
    say: (text) => said.push(text),
  })
  const files = findings.flatMap(({ file }) => (file === null ? [] : [readFileSync(join(root, 'found', file), 'utf8')]))
  assert.deepEqual(findings, [], [...said, ...files].join('\n'))
})

/** Plays to a broker that a module does harm to; what is found. */
async function foundWith(code: string, packetsInAll: number): Promise<readonly string[]> {
  const module = join(root, 'planted.mjs')
  writeFileSync(module, code)
  const options = { seed, packets: packetsInAll, packetsPerRound: packetsInAll / 2, folder: join(root, 'planted') }
  const { findings } = await fuzz({ ...options, planted: module, goesOn: () => true, say: () => {} })
  return findings.map(({ what }) => what)
}

test('turns of 80 ms that come with the packets are found', async () => {
  const hold = `const { user } = process.threadCpuUsage(); while (process.threadCpuUsage().user - user < 80_000);`
  const code = `import { subscribe } from 'node:diagnostics_channel'
let connections = 0
subscribe('net.server.socket', () => { connections += 1; if (connections % 4 === 0) { ${hold} } })`
  const [found] = await foundWith(code, 100)
  assert.match(found ?? '', /^one turn took \d+ ms$/)
})

test('100 KB that stay of each connection are found', async () => {
  const code = `import { subscribe } from 'node:diagnostics_channel'
const kept = []
subscribe('net.server.socket', () => { kept.push(Buffer.alloc(100_000)) })`
  const found = await foundWith(code, 4000)
  assert.match(found.join('\n'), /^leak: \d+ bytes alive became \d+ /)
})

for (const name of readdirSync(corpus).filter((each) => each.endsWith('.json'))) {
  const text = readFileSync(join(corpus, name), 'utf8')
  test(`${name} of the corpus does no harm any more`, async () => {
    await using broker = await FuzzedBroker.start()
    // What the broker does for the first time is slow.
    await playScene(broker, scriptsOf(text))
    assert.equal(await playScene(broker, scriptsOf(text)), null)
    if (!name.startsWith('leak')) return
    const scripts = Array.from({ length: 10 }, () => scriptsOf(text)).flat()
    for (let round = 0; round < leakRounds / 2; round++) assert.equal(await playScene(broker, scripts), null)
    const size = await settledBytes(broker)
    for (let round = 0; round < leakRounds; round++) assert.equal(await playScene(broker, scripts), null)
    const { isKept, bytes } = await keepsItsSize(broker, size)
    assert.ok(isKept, `${size} bytes alive became ${bytes}`)
  })
}

test('what fuzzing has left on the disk is loaded after kill -9, and fuzzed on', async () => {
  const flags = ['--durability', 'interval', '--data', join(root, 'data')]
  const chance = makeChance(seed)
  const pools = makePools(seed)
  for (let start = 0; start < 3; start++) {
    await using broker = await FuzzedBroker.start(flags)
    for (let scene = 0; scene < 20; scene++) {
      const what = await playScene(broker, makeScene(pools, chance))
      assert.ok(what === null || what.startsWith('one turn'), `seed ${seed}, start ${start}, scene ${scene}: ${what}`)
    }
  }
})

test('a scene is the same for the same seed, and after it was written down', () => {
  const scene = () => makeScene(makePools(seed), makeChance(seed))
  assert.deepEqual(scene(), scene())
  assert.deepEqual(scriptsOf(recorded('nothing', scene())), scene())
})

test('of a scene that does harm only what does it is left', async () => {
  const scene = makeScene(makePools(seed), makeChance(seed))
  const guilty = scene[3]?.packets[2] ?? assert.fail('the scene is too short')
  const smallest = await shrink(
    scene,
    async (scripts) => scripts.some(({ packets: each }) => each.includes(guilty)),
    1000,
  )
  assert.deepEqual([smallest.length, countPackets(smallest)], [1, 1])
})

test('a broker that ends is a finding, with what it said', async () => {
  await using broker = await FuzzedBroker.start()
  process.kill(broker.processId, 'SIGABRT')
  const scene = makeScene(makePools(seed), makeChance(seed))
  await broker.exited
  assert.match((await playScene(broker, scene)) ?? '', /^crash: exit SIGABRT: .*Listening on/s)
})
