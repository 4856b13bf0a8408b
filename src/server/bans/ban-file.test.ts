import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import type { Ban, BanList } from '../../core/access/ban-list.ts'
import { BanFile, banFileName } from './ban-file.ts'

function banOf(who: string, untilMs = Number.POSITIVE_INFINITY): Ban {
  return { as: 'clientid', who, reason: 'why "not"\n', by: 'ann', atMs: 1, untilMs }
}

/** A file and what is in it, changed in step. */
async function opened(path: string) {
  const { file, bans } = await BanFile.read(path)
  return {
    bans,
    ban: async (ban: Ban) => {
      await file.append({ type: 'ban', ban }, () => [...bans.values(), ban], bans.size)
      bans.put(ban)
    },
    lift: async (who: string) => {
      const others = () => [...bans.values()].filter((ban) => ban.who !== who)
      await file.append({ type: 'lift', as: 'clientid', who }, others, bans.size)
      bans.delete('clientid', who)
    },
  }
}

const readAgain = async (path: string) => sorted((await BanFile.read(path)).bans)
const sorted = (bans: BanList) => [...bans.values()].sort((one, other) => (one.who < other.who ? -1 : 1))
const newPath = () => join(temporaryDirectory(), banFileName)

test('what was banned and not lifted is there again, and nobody else can read it', async () => {
  const path = newPath()
  const { ban, lift } = await opened(path)
  await ban(banOf('a'))
  await ban(banOf('b', 5))
  await ban(banOf('c'))
  await ban(banOf('a', 7))
  await lift('c')
  assert.deepEqual(await readAgain(path), [banOf('a', 7), banOf('b', 5)])
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a change adds a line, and the file is written anew when most of it is history', async () => {
  const path = newPath()
  const { bans, ban, lift } = await opened(path)
  await ban(banOf('stays'))
  const before = statSync(path).size
  await ban(banOf('x'))
  const { ino, size } = statSync(path)
  assert.ok(size - before < 200)
  await lift('x')
  assert.equal(statSync(path).ino, ino, 'the same file')
  for (let index = 0; index < 600; index++) {
    await ban(banOf('x'))
    await lift('x')
  }
  assert.ok(readFileSync(path, 'utf8').split('\n').length < 400)
  assert.deepEqual(await readAgain(path), sorted(bans))
})

test('a last line that was cut off was never acknowledged: it counts for nothing, and goes with the next change', async () => {
  const path = newPath()
  const { ban } = await opened(path)
  await ban(banOf('a'))
  appendFileSync(path, '{"ban":{"as":"clientid","who":"b","rea')
  const again = await opened(path)
  assert.deepEqual(sorted(again.bans), [banOf('a')])
  await again.ban(banOf('c'))
  assert.deepEqual(await readAgain(path), [banOf('a'), banOf('c')])
})

test('a file that is not what was written is not passed over: the error names it, the line and what to do', async () => {
  const head = '{"pabal":"banned","version":1}\n'
  const ban = '{"ban":{"as":"clientid","who":"a","reason":"","by":"","atMs":1,"untilMs":null}}\n'
  const cases: readonly (readonly [text: string, line: number])[] = [
    ['\n', 1],
    ['{"pabal":"banned","version":2}\n', 1],
    [ban, 1],
    [`${head}${ban}rubbish\n${ban}`, 3],
    [`${head}${ban.replace('clientid', 'clientId')}`, 2],
    [`${head}${ban.replace('clientid', 'peerhost')}`, 2],
    [`${head}${ban.replace('null', '1e300')}`, 2],
    [`${head}${ban.replace('"by":"",', '')}`, 2],
    [`${head}\n${ban}`, 2],
    [`${head}{"lift":{"as":"clientid","who":""}}\n`, 2],
  ]
  for (const [text, line] of cases) {
    const path = newPath()
    writeFileSync(path, text)
    await assert.rejects(BanFile.read(path), ({ message }: Error) => {
      assert.ok(message.startsWith(`${path}, line ${line}, cannot be used: `), message)
      assert.match(message, /Put the line right or remove it, or remove the file: then nobody is banned\.$/)
      return true
    })
  }
  const path = newPath()
  symlinkSync(path, path)
  await assert.rejects(BanFile.read(path), /banned\.jsonl cannot be used: ELOOP/)
})

test('an empty file holds no ban, and is written anew', async () => {
  const path = newPath()
  writeFileSync(path, '')
  chmodSync(path, 0o600)
  const { ban } = await opened(path)
  await ban(banOf('a'))
  assert.deepEqual(await readAgain(path), [banOf('a')])
})

/** Bans until no more fits into 8 KiB, lifts half of it, and bans again; says what was acknowledged. */
const fillDisk = `
  const { BanFile } = await import(process.argv[1])
  const { file, bans } = await BanFile.read(process.argv[2])
  const failed = []
  const ban = async (who) => {
    const made = { as: 'clientid', who, reason: 'x'.repeat(100), by: '', atMs: 1, untilMs: Infinity }
    try {
      await file.append({ type: 'ban', ban: made }, () => [...bans.values(), made], bans.size)
      bans.put(made)
    } catch (error) { failed.push(error.code) }
  }
  for (let index = 0; failed.length < 3; index++) await ban('a' + index)
  const full = bans.size
  for (const { who } of [...bans.values()].slice(0, full / 2)) {
    const others = () => [...bans.values()].filter((each) => each.who !== who)
    await file.append({ type: 'lift', as: 'clientid', who }, others, bans.size)
    bans.delete('clientid', who)
  }
  await ban('last')
  console.log(JSON.stringify({ failed, full, left: [...bans.values()].map(({ who }) => who).sort() }))
`

test('a disk that is full loses no ban and leaves no half of one: what was refused is not there, and what is lifted makes room', async () => {
  const path = newPath()
  const module = new URL('ban-file.ts', import.meta.url).href
  // In units of 512 bytes.
  const command = 'ulimit -f 16; exec "$0" "$@"'
  const arguments_ = [process.execPath, '--input-type=module', '-e', fillDisk, module, path]
  const { failed, full, left } = JSON.parse(execFileSync('sh', ['-c', command, ...arguments_]).toString())
  assert.deepEqual(failed, ['EFBIG', 'EFBIG', 'EFBIG'])
  assert.ok(full > 10, `${full}`)
  const { bans } = await BanFile.read(path)
  assert.deepEqual([...bans.values()].map(({ who }) => who).sort(), left)
  assert.ok(left.includes('last') && left.length < full)
  assert.equal(existsSync(`${path}.partial`), false)
})
