/**
 * What a broker loads before it lets the first client in: what only others need would be waited for at every start.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const directory = temporaryDirectory()

interface Loaded {
  /** npm packages. */
  readonly packages: readonly string[]
  /** Whether the client behind Node's `fetch` is among it: the largest part of Node by far. */
  readonly fetch: boolean
}

/** Runs `script` in a process of its own, with `loaded()` to ask for what was loaded since it began. */
function run<Part = Loaded>(script: string): Part[] {
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

test("no flag of V8 stays set until the store's thread runs, and the young generation is bounded before what is stored is read", () => {
  const hook = join(directory, 'hook.mjs')
  const script = `
    import { writeSync } from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    import { PerformanceObserver } from 'node:perf_hooks'
    import v8 from 'node:v8'
    import { isMainThread } from 'node:worker_threads'
    const say = (what) => isMainThread && writeSync(2, what + '\\n')
    const { observe } = PerformanceObserver.prototype
    PerformanceObserver.prototype.observe = function (options) {
      say('bounds the young generation')
      return observe.call(this, options)
    }
    const { setFlagsFromString } = v8
    v8.setFlagsFromString = (flag) => {
      if (!flag.startsWith('--semi-space') && !flag.includes('parallel-scavenge')) say(flag)
      setFlagsFromString(flag)
      if (flag.startsWith('--memory-reducer')) setTimeout(() => process.kill(process.pid, 'SIGTERM'), 100)
    }
    syncBuiltinESMExports()
    process.on('worker', (worker) => worker.on('message', ({ type }) => say('the store: ' + type)))`
  writeFileSync(hook, script)
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const order = (durability: string): string[] => {
    const data = join(directory, `flags-${durability}`)
    const flags = `--listen tcp://127.0.0.1:0 --admin off --log-level error --durability ${durability} --data ${data}`
    const argv = ['--import', hook, main, 'start', ...flags.split(' ')]
    const { stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 20_000 })
    return stderr.trim().split('\n')
  }
  const unset = ['--expose-gc', '--no-expose-gc']
  const set = ['bounds the young generation', '--turbo-filter=~', '--memory-reducer-gc-count=0']
  assert.deepEqual(order('fsync').slice(0, 7), [...unset, 'the store: opened', ...set, 'the store: reply'])
  assert.deepEqual(order('memory'), [...unset, ...set], 'once, although there is no such thread')
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

test('the rooms of the API are loaded a little in each turn of the event loop, and the client behind fetch alone', () => {
  const turns = run<{ files: number; builtins: number; fetch: boolean }>(`
    // As main.ts does.
    await import(${source('cli/start/young-generation.ts')})
    await import(${source('cli/start.ts')})
    const { LateHandler } = await import(${source('admin/late-handler.ts')})
    const count = () => [urls.size, process.moduleLoadList.length]
    const { IncomingMessage, ServerResponse } = process.getBuiltinModule('node:http')
    const incoming = new IncomingMessage(null)
    let isLoaded = false
    let before = count()
    new LateHandler({ broker: { version: '1' } }).answer(incoming, new ServerResponse(incoming)).then(() => (isLoaded = true))
    while (!isLoaded) {
      await new Promise(setImmediate)
      const now = count()
      parts.push({ files: now[0] - before[0], builtins: now[1] - before[1], fetch: loaded().fetch })
      before = now
    }`)
  const files = turns.map((turn) => turn.files)
  assert.ok(files.reduce((sum, count) => sum + count, 0) > 50, `the rooms are loaded: ${files}`)
  assert.ok(Math.max(...files) <= 30, `files of each turn: ${files}`)
  const large = turns.find((turn) => turn.fetch)
  assert.deepEqual([large?.files, large?.builtins], [0, 1])
})
