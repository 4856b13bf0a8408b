/**
 * What `npm run bench` measures with is right before it measures.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const start = `start --listen '{listen}' --data {data} --admin off --log-level error`
const pabal = `${quote(process.execPath)} ${quote(path('../src/cli/main.ts'))} ${start} {flags}`

test('the generator of the benchmark counts packets right however they are cut', async () => {
  const { stdout } = await run(process.execPath, [path('../bench/selftest.mjs')])
  assert.equal(stdout, 'selftest: 1 passed, 0 failed\n')
})

test('a comparison of Pabal with itself measures, counts what was lost and judges', { timeout: 60_000 }, async () => {
  const args = ['--ours', pabal, '--peer', pabal, '--repeats', '1', '--seconds', '0.2']
  const { stdout } = await run(process.execPath, [
    path('../bench/compare.mjs'),
    ...args,
    '--only',
    'pair-qos2,start-empty',
    '--generator=--warmup 0.1',
  ])
  const lines = stdout.trim().split('\n')
  const summary = JSON.parse(lines.pop() ?? '')
  const { throughput } = summary['pair-qos2'].figures
  assert.ok(throughput.ours > 0 && throughput.ratio > 0, stdout)
  assert.equal(summary['pair-qos2'].lost, 0)
  assert.ok(summary['start-empty'].figures['first CONNACK'].ours > 0)
  // Nobody is 15 times as fast as himself.
  assert.match(lines.join('\n'), /^pair-qos2 +throughput .* ≥ 15x +MISSED$/m)
})

test('a comparison in turns measures both brokers under one generator', { timeout: 60_000 }, async () => {
  const generator = '--connections 20 --rate 200 --warmup 0.2 --turns 2 --seconds 0.2'
  const bare = `${quote(process.execPath)} ${quote(path('../bench/floors/sparse.mjs'))} {port}`
  const args = ['--ours', pabal, '--peer', bare, '--only', 'sparse', '--repeats', '1', `--generator=${generator}`]
  const { stdout } = await run(process.execPath, [path('../bench/compare.mjs'), ...args])
  const { figures, lost, pairs } = JSON.parse(stdout.trim().split('\n').pop() ?? '').sparse
  for (const key of ['cpu', 'p99', 'p50']) assert.ok(figures[key].ours > 0 && figures[key].peer > 0, stdout)
  assert.deepEqual([lost, pairs], [0, 1])
})

test('a comparison with a broker that does not start says so and fails nothing else, judged or not', {
  timeout: 60_000,
}, async () => {
  const args = ['--ours', pabal, '--peer', 'sh -c "echo no room; exit 3" {port}', '--repeats', '1', '--seconds', '0.2']
  const { stdout, stderr } = await run(process.execPath, [
    path('../bench/compare.mjs'),
    ...args,
    '--only',
    'pair-qos0,start-empty',
    '--judge',
    'no',
  ])
  assert.match(stdout, /^pair-qos0 +FAILED the broker ended with 3/m)
  // Measured and, as was asked, not judged.
  assert.match(stdout, /^start-empty +first CONNACK [^≤]* ms *$/m)
  assert.match(stderr, /no room/)
})

test('the floor of a scenario is measured beside mosquitto and Pabal, and judged with them', {
  timeout: 60_000,
}, async () => {
  const words = ['floors', 'start-empty', '--source', '--no-record', '--repeats', '1']
  const { stdout } = await run(process.execPath, [path('../bench/run.mjs'), ...words])
  const [, peer = 0, bare = 0, ours = 0] = (
    /^start-empty +first CONNACK +(\S+) +(\S+) +(\S+) /m.exec(stdout) ?? []
  ).map(Number)
  assert.ok(peer > 0 && bare > 0 && ours > bare, stdout)
  assert.match(stdout, /^start-empty +first CONNACK .* ≤ 300 ms +(?:reached|missed), (?:reached|missed)$/m)
})

test('a wrong word, option or number is answered with what is expected, in a few lines', async () => {
  const refusals: [string[], RegExp][] = [
    [
      ['run.mjs', 'floors', 'pair'],
      /^pair: one of the names below is expected\nusage: .*floors .*\n(?: {2}.*\n)* {2}sparse\n/,
    ],
    [['run.mjs', 'stalls', '--scale', '0'], /^--scale 0: a number above 0 is expected\nusage: .*stalls /],
    [['run.mjs', 'micro', '--sample', '3'], /^Unknown option '--sample'\nusage: .*micro /],
    [
      ['run.mjs', 'curves', 'backlogs'],
      /^backlogs: one of the names below is expected\nusage: .*curves .*\n {2}connections +idle/,
    ],
    [['run.mjs', 'curves', '--point', '5'], /^--point 5: a number above 0 and one curve .* expected\nusage: .*curves /],
    [['profile.mjs'], /^a name is missing\nusage: npm run profile SCENARIO /],
    [['compare.mjs', 'pair-qos0'], /^pair-qos0: an option is expected\nusage: npm run bench \[-- --only /],
    [['compare.mjs', '--only', 'pair'], /^--only pair: no scenario pair; known: .*\nusage: /],
  ]
  for (const [[program = '', ...words], expected] of refusals) {
    const refused = await run(process.execPath, [path(`../bench/${program}`), ...words]).catch((error) => error)
    assert.equal(refused.code, 2, `${program} ${words.join(' ')}`)
    assert.match(refused.stderr, expected)
    assert.doesNotMatch(refused.stderr, /^ +at /m)
  }
})

for (const given of ['--help', '--only drain -h']) {
  test(`npm run bench -- ${given} builds nothing and names the other parts`, async () => {
    const { stdout } = await run(process.execPath, [path('../bench/run.mjs'), ...given.split(' ')])
    assert.match(
      stdout,
      /^usage: npm run bench .*--repeats 3.*\n\nother parts.*: npm run bench -- stalls \| curves \| micro \| floors \| scrolling\n$/,
    )
  })
}

test('a profile of a scenario says which share each part of the broker has and draws it', {
  timeout: 60_000,
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pabal-profile-'))
  t.after(() => rm(directory, { recursive: true }))
  const out = join(directory, 'flame.html')
  const args = ['pair-qos0', '--seconds', '0.3', '--generator=--warmup 0.1', '--out', out]
  const { stdout } = await run(process.execPath, [path('../bench/profile.mjs'), ...args])
  assert.match(stdout, /the main thread: busy [\d.]+ s, idle [\d.]+ s/)
  assert.match(stdout, /^ +[\d.]+ {2}protocol$/m)
  assert.match(await readFile(out, 'utf8'), /^<!doctype html>.*src\/core\//s)
})

test('a curve is measured point by point, drawn and told as a table', { timeout: 60_000 }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pabal-curve-'))
  t.after(() => rm(directory, { recursive: true }))
  const args = ['backlog', '--source', '--scale', '0.00005', '--out', directory]
  const { stdout } = await run(process.execPath, [path('../bench/curves.mjs'), ...args])
  assert.match(stdout, /^ +messages +taken in\/s +drained\/s +MiB of memory\n +1 .*\n +5 .*\n +50 /m)
  assert.match(
    await readFile(join(directory, 'backlog.svg'), 'utf8'),
    /^<svg .*<polyline points="(?:[\d.]+,[\d.]+ ?){3}"/s,
  )
})

/** Debian has the package for these machines alone. */
const skip = process.arch === 'x64' && process.platform === 'linux' ? false : 'User-Mode Linux is for x86-64 alone'

test('in a kernel of its own a process may open more files than here, and what fails there is told', {
  skip,
  timeout: 60_000,
}, async () => {
  const ask = async (words: string[], env = process.env) => {
    const call = `console.log(await underOwnKernel(${JSON.stringify(words)}, { filesMax: 120_000, memory: '512M', secondsMax: 25 }))`
    const program = `import { underOwnKernel } from ${JSON.stringify(path('../bench/own-kernel.mjs'))}; ${call}`
    return run(process.execPath, ['--input-type=module', '-e', program], { env }).catch((error) => error)
  }
  assert.equal((await ask(['sh', '-c', 'ulimit -n; echo "it\'s there"'])).stdout, "120000\nit's there\n\n")
  const refused = await ask(['sh', '-c', 'echo no room; exit 3'])
  assert.match(refused.stderr, /Error: in a kernel of its own it ended with 3: no room\n/)
  const missing = await ask(['true'], { PATH: '' })
  assert.deepEqual(
    [missing.code, missing.stderr],
    [2, 'linux.uml is missing\nas root: apt-get install --no-install-recommends user-mode-linux\n'],
  )
})

test('a curve is measured in a kernel of its own', { skip, timeout: 120_000 }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pabal-curve-'))
  t.after(() => rm(directory, { recursive: true }))
  const args = ['connections', '--own-kernel', '--source', '--scale', '0.00001', '--out', directory]
  const { stdout } = await run(process.execPath, [path('../bench/curves.mjs'), ...args])
  assert.match(stdout, /^ +connections +KiB a connection +connections\/s\n +1 +\S+ +\S+\n/m)
  assert.match(await readFile(join(directory, 'connections-own-kernel.svg'), 'utf8'), /^<svg /)
})

test('a curve of connections without sockets goes beyond what the system lets a process open', {
  timeout: 60_000,
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pabal-curve-'))
  t.after(() => rm(directory, { recursive: true }))
  const args = ['links', '--source', '--scale', '0.01', '--out', directory]
  const { stdout } = await run(process.execPath, [path('../bench/curves.mjs'), ...args])
  const rows = [...stdout.matchAll(/^ +(\d+) +\S+ +\S+$/gm)]
  assert.deepEqual(
    rows.map(([, connections]) => Number(connections)),
    [10, 20, 50, 100, 200, 500, 1000, 2000],
  )
})
