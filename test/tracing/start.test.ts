/**
 * `pabal start` with traces and without: what is loaded, and what is said if something is missing.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { StartedPabal, startedPabal } from '../operating/started-pabal.ts'
import { openWire } from '../support/wire-client.ts'

const flags = ['--durability', 'memory', '--admin', 'off']
const traced = { userProperties: [['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']] } as const

function importing(name: string, tracing = 'true'): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import ${new URL(name, import.meta.url).href}`, PABAL_TRACING: tracing }
}

async function publishTraced(url: string): Promise<void> {
  const client = await openWire(url, 5)
  await client.connect({ clientIdentifier: 'publisher' })
  client.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.from('x'), properties: traced })
  await client.next('puback')
  await client.leave()
}

test('a broker without traces never asks for the OpenTelemetry API, whatever comes in', async () => {
  await using broker = await startedPabal(flags, undefined, importing('watch-api.mjs', 'false'))
  await publishTraced(broker.url)
  assert.equal(await broker.stop(), 0)
  assert.deepEqual(broker.about('askedFor'), [])
})

test('one with traces asks for it, and says that spans go nowhere while no SDK is set up', async () => {
  await using broker = await startedPabal(flags, undefined, importing('watch-api.mjs'))
  await publishTraced(broker.url)
  assert.equal(await broker.stop(), 0)
  assert.equal(broker.about('askedFor')[0]?.specifier, '@opentelemetry/api')
  const [line] = broker.about('noTraceSdk')
  assert.equal(line?.level, 'warn')
  assert.match(String(line?.msg), /no OpenTelemetry SDK is set up in this process.*--import/)
})

test('where it is not installed the broker does not start, and says what to install', async () => {
  const listen = ['--listen', 'tcp://127.0.0.1:0']
  await using broker = new StartedPabal([...flags, ...listen], undefined, [], importing('watch-api.mjs?missing'))
  assert.equal(await broker.exited, 1)
  assert.match(broker.stderr, /^Pabal cannot start\.\n\ntracing: found no npm package @opentelemetry\/api/m)
  assert.match(broker.stderr, /npm install @opentelemetry\/api @opentelemetry\/sdk-node/)
})

test('an SDK that --import has set up gets every span, the last ones when the broker stops', async () => {
  await using broker = await startedPabal(flags, undefined, importing('otel.mjs'))
  await publishTraced(broker.url)
  assert.equal(await broker.stop(), 0)
  assert.deepEqual(broker.about('noTraceSdk'), [])
  assert.equal(readFileSync(join(broker.directory, 'spans.txt'), 'utf8'), 'route\nreceive\n')
})

test('a place for spans that does not answer keeps the broker from ending for two seconds at most', async () => {
  await using broker = await startedPabal(flags, undefined, importing('otel.mjs?hangs'))
  await publishTraced(broker.url)
  const beganMs = performance.now()
  assert.equal(await broker.stop(), 0)
  const tookMs = performance.now() - beganMs
  assert.ok(tookMs >= 1900 && tookMs < 10_000, `${tookMs} ms`)
})
