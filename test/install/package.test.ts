/**
 * The npm package: what is in it, and that its command, its library and its types work in an empty folder on every Node
 * it promises. Tests the files as they are now, committed or not.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import { checkout, freshEnvironment, run } from './fresh-machine.ts'

// Several of these tests fetch packages.
const timeout = 300_000

interface PackResult {
  filename: string
  size: number
  files: { path: string; mode: number }[]
}

let folder = ''
let packed: PackResult
let tarball = ''

before(
  async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'pabal-package-')))
    packed = await pack()
    tarball = join(folder, packed.filename)
  },
  { timeout },
)
after(() => rmSync(folder, { recursive: true, force: true }))

/** Builds and packs a copy, so that no other test sees `dist` come and go. */
async function pack(): Promise<PackResult> {
  const copy = join(folder, 'source')
  const list = await run(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--deduplicate'],
    checkout,
  )
  for (const path of list
    .split('\0')
    .filter((path) => !path.includes('/') || /^(?:src|scripts|docs|examples)\//.test(path))) {
    if (path !== '') cpSync(join(checkout, path), join(copy, path), { force: true })
  }
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'))
  const output = await run('npm', ['pack', '--json', '--pack-destination', folder], copy)
  // The build may print before the JSON.
  const [result]: PackResult[] = JSON.parse(output.slice(output.search(/^\[/m)))
  assert.ok(result !== undefined)
  return result
}

/** An empty folder with the package in it, as a user's project would have it. */
async function install(name: string): Promise<string> {
  const project = join(folder, name)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}')
  await run('npm', ['install', '--omit=dev', '--no-audit', '--no-fund', tarball], project)
  return project
}

/** The folder of a `node` of that major version, fetched from npm unless it is the one that runs this test. */
async function nodeFolder(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return dirname(process.execPath)
  const home = join(folder, `node-${major}`)
  const name = `node-${process.platform}-${process.arch}`
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{"private": true}')
  await run('npm', ['install', '--no-audit', '--no-fund', `${name}@${major}`], home)
  return join(home, 'node_modules', name, 'bin')
}

test('the package holds the built command, library, types and documents, and no test', () => {
  const paths = packed.files.map(({ path }) => path)
  const strangers = paths.filter(
    (path) =>
      !/^(?:dist\/.*\.(?:js|d\.ts)|dist\/dashboard\/.*\.(?:html|css|svg)|pabal\.schema\.json|docs\/(?:operating\/)?[a-z-]+\.md|examples\/.*|LICENSE|[A-Z]+(?:\.ko)?\.md|package\.json)$/.test(
        path,
      ),
  )
  assert.deepEqual(strangers, [])
  assert.deepEqual(
    paths.filter((path) => /\.test\.|contract/.test(path)),
    [],
  )
  for (const path of [
    'dist/cli/main.js',
    'dist/dashboard/index.html',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/client/index.js',
    'dist/client/index.d.ts',
    'dist/protocol/index.d.ts',
    'LICENSE',
  ]) {
    assert.ok(paths.includes(path), path)
  }
  assert.ok(packed.size < 1024 * 1024, `${packed.size} bytes`)
})

test('what README.md says of running it and of embedding it can be read in the package', () => {
  const paths = new Set(packed.files.map(({ path }) => path))
  const text = readFileSync(join(checkout, 'README.md'), 'utf8')
  const links = [...text.matchAll(/\]\(((?:docs\/operating|examples)\/[^)#]+)/g)].map(([, path = '']) => path)
  assert.ok(links.length > 10)
  assert.deepEqual(
    links.filter((path) => !paths.has(path)),
    [],
  )
})

test('the command in the package is executable', () => {
  const command = packed.files.find(({ path }) => path === packageJson.bin.pabal)
  assert.equal((command?.mode ?? 0) & 0o111, 0o111)
})

for (const major of [22, 24]) {
  test(`the installed package runs on Node ${major}, as a command and as a library`, { timeout }, async () => {
    const project = await install(`project-${major}`)
    const env = freshEnvironment(await nodeFolder(major))
    assert.match(await run('npx', ['--no', 'pabal', '--', '--version'], project, env), versionPattern())
    writeFileSync(join(project, 'embed.js'), embed)
    const [nodeVersion, received, retained] = (await run('node', ['embed.js'], project, env)).split('\n')
    assert.ok(nodeVersion?.startsWith(`v${major}.`), nodeVersion)
    assert.equal(received, '커피정보 커피는 맥심')
    assert.equal(retained, '커피정보 retained')
  })
}

function versionPattern(): RegExp {
  return new RegExp(`(?:^|\\s)${packageJson.version.replaceAll('.', '\\.')}(?:\\s|$)`)
}

/** A program that embeds the broker, as the README shows it: in memory, then on the store in a directory, twice. */
const embed = `
import { createBroker, httpAdmin, sqlite } from 'pabal'
import { PacketDecoder } from 'pabal/protocol'
if (typeof PacketDecoder !== 'function') throw new Error('pabal/protocol has no PacketDecoder')
import { PabalClient } from 'pabal/client'
const watched = createBroker({ listen: [], admin: httpAdmin({ listen: 'http://127.0.0.1:0', login: 'off' }) })
await watched.start()
const client = new PabalClient({ url: watched.adminUrls[0] })
if (!(await client.readyz()).ready) throw new Error('pabal/client does not reach the broker')
await watched.stop()
console.log(process.version)
const broker = createBroker({ listen: [] })
await broker.start()
await broker.subscribe('커피정보', {}, (message) => console.log(message.topicName, message.payload.toString()))
await broker.publish({ topicName: '커피정보', payload: '커피는 맥심', qos: 1 })
await broker.stop()

const first = createBroker({ listen: [], store: sqlite('data') })
await first.start()
await first.publish({ topicName: '커피정보', payload: 'retained', qos: 1, retain: true })
await first.stop()
const second = createBroker({ listen: [], store: sqlite('data') })
await second.start()
const { promise: delivered, resolve } = Promise.withResolvers()
await second.subscribe('#', {}, resolve)
const message = await delivered
console.log(message.topicName, message.payload.toString())
await second.stop()
`

test('the types in the package are complete for a strict TypeScript project', { timeout }, async () => {
  const project = await install('project-types')
  symlinkSync(join(checkout, 'node_modules/@types'), join(project, 'node_modules/@types'))
  writeFileSync(
    join(project, 'embed.ts'),
    [
      `import { createBroker } from 'pabal'`,
      `import { type ControlPacket, PacketDecoder } from 'pabal/protocol'`,
      `const broker = createBroker({ listen: [], authenticate: (request) => request.userName === 'me' })`,
      `export const urls: readonly string[] = broker.urls`,
      `import { type Overview, PabalClient } from 'pabal/client'`,
      `export const overview: Promise<Overview> = new PabalClient({ url: 'http://127.0.0.1:18083' }).overview()`,
      `export async function names() {`,
      `  const found: string[] = []`,
      `  for await (const { clientIdentifier } of new PabalClient().clients({ limit: 5 })) found.push(clientIdentifier)`,
      `  return found`,
      `}`,
      `// @ts-expect-error: a number`,
      `new PabalClient().clients({ limit: '5' })`,
      `export type Packet = ControlPacket | PacketDecoder`,
      `// @ts-expect-error: listen is a list`,
      `createBroker({ listen: 1 })`,
    ].join('\n'),
  )
  const compiler = join(checkout, 'node_modules/typescript/bin/tsc')
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node', 'embed.ts']
  assert.equal(await run(process.execPath, [compiler, ...flags], project), '')
})
