/**
 * What is installed with Pabal: as few packages as there are today, each pinned, none that runs a program when it is installed.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../admin/api.ts'
import { rowsWithTests } from './documented-tests.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
}

/** What Node finds in node_modules, from what package.json asks for: by another way than the lock file. */
function installed(): Map<string, Manifest> {
  const found = new Map<string, Manifest>()
  const visit = ({ dependencies = {} }: Manifest, from: string): void => {
    for (const name of Object.keys(dependencies)) {
      const nested = join(from, 'node_modules', name)
      const place = existsSync(join(root, nested)) ? nested : join('node_modules', name)
      if (found.has(place)) continue
      const manifest: Manifest = JSON.parse(read(join(place, 'package.json')))
      found.set(place, manifest)
      visit(manifest, place)
    }
  }
  visit(JSON.parse(read('package.json')), '')
  return found
}

const packages = installed()

function bill() {
  const { stdout, status } = spawnSync(process.execPath, [join(root, 'scripts/sbom.mjs')], { encoding: 'utf8' })
  assert.equal(status, 0)
  return stdout
}

test('the bill of materials lists what an installation for use consists of, and nothing else', () => {
  const { components, dependencies, metadata, ...head } = JSON.parse(bill())
  assert.deepEqual([head.bomFormat, head.specVersion, head.version], ['CycloneDX', '1.5', 1])
  assert.match(metadata.component.purl, /^pkg:npm\/pabal@\d/)
  const listed = components.map(({ name, version }: Manifest) => `${name}@${version}`)
  const there = [...packages.values()].map(({ name, version }) => `${name}@${version}`)
  assert.deepEqual(listed.sort(), there.sort())
  const known = new Set([metadata, ...components].map((each) => each['bom-ref'] ?? each.component['bom-ref']))
  for (const { ref, dependsOn } of dependencies)
    for (const each of [ref, ...dependsOn]) assert.ok(known.has(each), each)
  for (const { hashes, licenses } of components) {
    assert.match(hashes[0].content, /^[0-9a-f]{128}$/)
    assert.ok(licenses.length === 1)
  }
  assert.equal(bill(), bill())
})

test('no package is added without saying so', () => {
  const said = /^(\d+) packages are installed for use/m.exec(read('SECURITY.md'))?.[1]
  assert.equal(packages.size, Number(said))
  assert.ok(packages.size <= 27)
})

test('every package is pinned to a version and a hash, and none has an install script', () => {
  const lock = JSON.parse(read('package-lock.json')).packages
  for (const version of Object.values(lock[''].dependencies)) assert.match(String(version), /^\d+\.\d+\.\d+$/)
  for (const [place, { name, scripts = {} }] of packages) {
    const { integrity, hasInstallScript = false } = lock[place]
    assert.match(integrity, /^sha512-/, name)
    assert.equal(hasInstallScript, false, name)
    for (const script of ['preinstall', 'install', 'postinstall']) assert.ok(!(script in scripts), `${name}: ${script}`)
    assert.ok(!existsSync(join(root, place, 'binding.gyp')), name)
  }
})

/** What `npm run signatures` makes of an npm that prints this and ends so. */
function signatures(printed: { stdout?: string; stderr?: string }, exitCode: number) {
  using folder = temporaryFolder()
  const says = (text: string, to: string): string => `cat >&${to} <<'END'\n${text}\nEND\n`
  const body = `${says(printed.stdout ?? '', '1')}${says(printed.stderr ?? '', '2')}exit ${exitCode}\n`
  writeFileSync(join(folder.path, 'npm'), `#!/bin/sh\n${body}`, { mode: 0o755 })
  const env = { ...process.env, PATH: `${folder.path}:${process.env.PATH}` }
  return spawnSync(process.execPath, [join(root, 'scripts/signatures.mjs')], { encoding: 'utf8', env })
}

test('npm run signatures says what is not signed, and tells that from a registry that does not answer', () => {
  const clean = signatures({ stdout: '{"invalid": [], "missing": []}' }, 0)
  assert.deepEqual([clean.status, clean.stdout], [0, 'All that is installed is signed by its registry.\n'])
  const bad = { invalid: [{ name: 'ws', version: '8.23.0' }], missing: [{ name: 'hono', version: '4.13.19' }] }
  const found = signatures({ stdout: JSON.stringify(bad) }, 1)
  assert.equal(found.status, 1)
  assert.match(found.stderr, /^Wrongly signed.*:\n {2}ws@8\.23\.0\nNot signed:\n {2}hono@4\.13\.19\n$/)
  const detail = 'request to https://keys.example/15.root.json failed, reason: getaddrinfo ENOTFOUND keys.example'
  const away = signatures({ stdout: JSON.stringify({ error: { code: 'ENOTFOUND', summary: detail, detail: '' } }) }, 1)
  assert.equal(away.status, 2)
  assert.match(away.stderr, /^Not found out .*: keys\.example does not answer \(ENOTFOUND\)\.\nTry again/)
  const odd = signatures({ stderr: 'npm error code ESOMETHING' }, 1)
  assert.equal(odd.status, 2)
  assert.match(odd.stderr, /: npm error code ESOMETHING\.\n/)
})

test('every line of the threat model names tests, and each of them is there', () => {
  assert.ok(rowsWithTests('docs/threat-model.md').length >= 25)
})
