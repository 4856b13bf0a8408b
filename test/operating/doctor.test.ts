/**
 * `pabal doctor` on the machine of the test, and on what the test has made wrong with it.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, statfsSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { runPabal } from '../support/pabal-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startedPabal } from './started-pabal.ts'

const program = fileURLToPath(new URL('../../bin/pabal', import.meta.url))
const files = temporaryDirectory()
const free = ['--listen', 'tcp://127.0.0.1:0']

async function examine(
  ...flags: string[]
): Promise<{ findings: Finding[]; code: number; about(what: string): Finding }> {
  const { out, faults, code } = await runPabal(['doctor', '--json', ...flags])
  assert.equal(faults, '')
  const { findings }: { findings: Finding[] } = JSON.parse(out)
  const about = (what: string): Finding => {
    const finding = findings.find((each) => each.what === what)
    assert.ok(finding !== undefined, what)
    return finding
  }
  return { findings, code, about }
}

test('everything is looked at, said with what is expected, and nothing is changed', async () => {
  const data = join(files, 'unmade')
  const { findings, code, about } = await examine(...free, '--data', data)
  const names = [
    'tcp 127.0.0.1:0',
    'file system',
    'disk space',
    'data directory',
    'Node',
    'open files',
    'memory',
    'clock',
  ]
  for (const name of names) assert.match(about(name).expected, /./)
  for (const { what, verdict, fix } of findings) assert.equal(fix === null, verdict === 'ok', what)
  const worst = findings.some(({ verdict }) => verdict === 'fault')
    ? 2
    : findings.some(({ fix }) => fix !== null)
      ? 1
      : 0
  assert.equal(code, worst)
  assert.deepEqual(readdirSync(files), [])
})

test('a port in use is a fault that names the process, and one of Pabal is well', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const { about, code } = await examine('--listen', `tcp://127.0.0.1:${address.port}`, '--data', files)
  server.close()
  const { verdict, found, fix } = about(`tcp 127.0.0.1:${address.port}`)
  assert.deepEqual([verdict, code], ['fault', 2])
  assert.match(found, new RegExp(`^in use by process ${process.pid}: `))
  assert.match(fix ?? '', new RegExp(`ss -ltnp 'sport = :${address.port}'`))
  await using broker = await startedPabal()
  const { port } = new URL(broker.url)
  const own = (await examine('--listen', broker.url, '--data', join(broker.directory, 'data'))).about(
    `tcp 127.0.0.1:${port}`,
  )
  assert.deepEqual([own.verdict, own.found], ['ok', `used by Pabal (process ${broker.child.pid})`])
})

test('an address that is none of this machine is a fault', async () => {
  const { about } = await examine('--listen', 'tcp://203.0.113.9:1883', '--data', files)
  assert.equal(about('tcp 203.0.113.9:1883').found, '203.0.113.9 is no address of this machine')
})

const tmpfs = '/dev/shm'
const hasTmpfs = existsSync(tmpfs) && statfsSync(tmpfs).type === 0x01021994

test('a data directory in memory is a fault', { skip: hasTmpfs ? false : 'no tmpfs here' }, async () => {
  const { about, code } = await examine(...free, '--data', join(tmpfs, 'pabal'))
  assert.deepEqual([about('file system').verdict, code], ['fault', 2])
})

test('a data directory that others may read, and files from the future in it, are warnings', async () => {
  const data = join(files, 'open')
  mkdirSync(data)
  chmodSync(data, 0o755)
  const { about } = await examine(...free, '--data', data)
  assert.deepEqual([about('data directory').verdict, about('data directory').fix], ['warning', `chmod 0700 ${data}`])
  chmodSync(data, 0o700)
  writeFileSync(join(data, 'pabal.db'), '')
  const later = Date.now() / 1000 + 3600
  utimesSync(join(data, 'pabal.db'), later, later)
  const { findings } = await examine(...free, '--data', data)
  assert.match(
    findings.map(({ found }) => found).join('\n'),
    /^pabal\.db in the data directory was written later than now/m,
  )
  assert.equal(findings.find(({ what }) => what === 'data directory')?.verdict, 'ok')
  const { about: aboutFile, code } = await examine(...free, '--data', join(data, 'pabal.db'))
  assert.deepEqual([aboutFile('data directory').verdict, code], ['fault', 2])
})

test('a limit of open files that is too low for the connections of the configuration is a warning', () => {
  const config = join(files, 'few.yaml')
  writeFileSync(config, 'listeners: []\ndurability: memory\nlimits:\n  connectionsMax: 1000\n')
  const line = `ulimit -n 300; exec "${program}" doctor --config "${config}"`
  const { stdout, status } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stdout, /^warning {2}open files\n +found +at most 300\n +expected +1,064: .*\n +do +LimitNOFILE=1064/m)
  assert.match(stdout, /\n0 faults, \d warnings?\.\n$/)
  const enough = execFileSync('sh', ['-c', `ulimit -n 1100; "${program}" doctor --json --config "${config}" || true`])
  const { findings }: { findings: Finding[] } = JSON.parse(enough.toString())
  assert.equal(findings.find(({ what }) => what === 'open files')?.verdict, 'ok')
})

test('wrong flags and configurations are said like everywhere', async () => {
  const config = join(files, 'wrong.yaml')
  writeFileSync(config, 'lisners: []\n')
  const wrong = await runPabal(['doctor', '--config', config])
  assert.deepEqual([wrong.out, wrong.code], ['', 3])
  assert.match(wrong.faults, /did you mean listeners\?/)
  assert.equal((await runPabal(['doctor', '--listen', 'tpc://a:1'])).code, 3)
  assert.equal((await runPabal(['doctor', '--port', '1'])).code, 3)
  assert.equal((await runPabal(['doctor', '--help'])).code, 0)
})

test('the configuration is the one that pabal start would have: the environment counts, too', () => {
  const env = { ...process.env, PABAL_DURABILITY: 'memory', PABAL_LIMITS__CONNECTIONS_MAX: '7' }
  const { stdout } = spawnSync(program, ['doctor', '--json', ...free], { encoding: 'utf8', env })
  const { findings }: { findings: Finding[] } = JSON.parse(stdout)
  assert.match(findings.find(({ what }) => what === 'open files')?.expected ?? '', /connectionsMax \(7\)/)
  assert.equal(
    findings.find(({ what }) => what === 'disk space'),
    undefined,
  )
})
