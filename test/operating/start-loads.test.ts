/**
 * What a broker loads before it lets the first client in: what only others need would be waited for at every start.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const directory = mkdtempSync(join(tmpdir(), 'pabal-loads-'))
after(() => rmSync(directory, { recursive: true }))

interface Loaded {
  /** npm packages. */
  readonly packages: readonly string[]
  /** Whether the client behind Node's `fetch` is among it: the largest part of Node by far. */
  readonly fetch: boolean
}

/** Runs `script` in a process of its own, with `loaded()` to ask for what was loaded since it began. */
function run(script: string): Loaded[] {
  const prelude = `
    import { registerHooks } from 'node:module'
    const urls = new Set()
    registerHooks({
      load(url, context, next) {
        urls.add(url)
        return next(url, context)
      },
    })
    const loaded = () => ({
      packages: [...new Set([...urls].flatMap((url) => url.split('/node_modules/').at(1)?.match(/^(?:@[^/]+\\/)?[^/]+/) ?? []))],
      fetch: process.moduleLoadList.some((name) => name.endsWith('deps/undici/undici')),
    })
    const parts = []`
  const file = join(directory, 'script.mjs')
  writeFileSync(file, `${prelude}\n${script}\nconsole.log(JSON.stringify(parts))`)
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' }))
}

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)))

test('pabal start loads neither the HTTP API nor WebSocket nor YAML before it knows that it needs them', () => {
  const [started] = run(`
    await import(${source('cli/start.ts')})
    parts.push(loaded())`)
  const late = ['hono', '@hono/node-server', 'ws', 'yaml', 'jose', 'prom-client', '@opentelemetry/api']
  assert.deepEqual(
    late.filter((name) => started?.packages.includes(name)),
    [],
  )
  assert.ok(started?.packages.includes('zod'), 'packages are seen')
  assert.equal(started?.fetch, false)
})

test('a broker with its HTTP API has let clients in when the rooms of the API are loaded', () => {
  const [started, asked] = run(`
    const { createBroker, httpAdmin, sqlite } = await import(${source('index.ts')})
    const admin = httpAdmin({ listen: 'http://127.0.0.1:0' })
    const store = sqlite(${JSON.stringify(join(directory, 'data'))})
    const broker = createBroker({ listen: ['tcp://127.0.0.1:0'], admin, store })
    await broker.start()
    parts.push(loaded())
    const answer = await fetch(broker.adminUrls[0] + '/livez')
    if (answer.status !== 200) throw new Error('livez answered ' + answer.status)
    parts.push(loaded())
    await broker.stop()`)
  assert.deepEqual([started?.packages.includes('hono'), started?.fetch], [false, false])
  assert.equal(asked?.packages.includes('hono'), true)
})
