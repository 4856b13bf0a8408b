/**
 * The log of a running broker, changed by SIGHUP: level, format, and where the audit log is written.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pabal } from '../support/pabal-command.ts'
import { openWire } from '../support/wire-client.ts'
import { startedPabal } from './started-pabal.ts'

async function started(config: string) {
  return startedPabal(['--config', 'pabal.yaml', '--durability', 'memory', '--admin', 'off'], (directory) => {
    writeFileSync(join(directory, 'pabal.yaml'), config)
  })
}

type Started = Awaited<ReturnType<typeof started>>

/** What it logs and says to a SIGHUP with this as its file, up to a text that matches. */
async function reload(broker: Started, config: string, said: RegExp): Promise<void> {
  writeFileSync(join(broker.directory, 'pabal.yaml'), config)
  broker.stdout = ''
  broker.stderr = ''
  broker.child.kill('SIGHUP')
  await broker.shown(said)
}

async function comeAndGo(url: string, clientIdentifier: string): Promise<void> {
  const client = await openWire(url, 5)
  await client.connect({ clientIdentifier })
  await client.subscribe('a')
  await client.leave()
}

test('another level is in force from the next line on, and asks for the events it shows', async () => {
  await using broker = await started('log: {level: warn}\n')
  const { url } = broker
  await comeAndGo(url, 'before')
  assert.deepEqual(broker.lines, [])
  await reload(broker, 'log: {level: debug}\n', /In force now: log\.level\.\n/)
  await comeAndGo(url, 'after')
  await broker.shown(/"event":"disconnected"/)
  const events = broker.lines.map(({ event, clientIdentifier }) => [event, clientIdentifier])
  const expected = ['connected', 'sessionCreated', 'subscribed'].map((event) => [event, 'after'])
  assert.deepEqual(events.slice(0, 4), [['reloaded', undefined], ...expected])
  await reload(broker, 'log: {level: error}\n', /In force now: log\.level\.\n/)
  broker.stderr = ''
  await comeAndGo(url, 'later')
  assert.equal(await broker.stop(), 0)
  assert.equal(broker.stderr, '')
})

test('another format is in force from the next line on; JSON by name silences standard output, and tells faults in lines', async () => {
  await using broker = await started('log: {format: human}\n')
  await broker.shown(/the broker has started/)
  const { url } = broker
  await reload(broker, 'log: {format: json}\n', /"event":"reloaded"/)
  assert.equal(broker.stdout, '')
  await comeAndGo(url, 'one')
  await broker.shown(/"event":"connected"/)
  assert.equal(broker.about('connected')[0]?.clientIdentifier, 'one')
  await reload(broker, 'log: {format: jsn, levl: info}\n', /"reloadFault".*log\.levl/)
  const faults = broker.about('reloadFault').map(({ key, line, column, advice }) => [key, line, column, advice])
  assert.deepEqual(faults, [
    ['log.format', 1, 15, 'did you mean json?'],
    ['log.levl', 1, 20, 'did you mean level?'],
  ])
  // Every line of it is JSON.
  assert.equal(broker.lines.length, broker.stderr.trimEnd().split('\n').length)
  await reload(broker, 'log: {format: human}\n', /In force now: log\.format\./)
  await broker.shown(/^\d\d:\d\d:\d\d info {2}the configuration was read again/)
  assert.equal(await broker.stop(), 0)
})

test('the audit log goes on in another file; one that cannot be written to changes nothing', async () => {
  const rules = 'topics: [{filter: a, whenNobody: hold}]\n'
  await using broker = await started(`${rules}log: {audit: first.log}\n`)
  const { url } = broker
  const file = (name: string): string => join(broker.directory, name)
  const drop = async (): Promise<void> => {
    const { port } = new URL(url)
    const { code, faults } = await pabal({ url }, 'held', 'drop', '--all', '-i', `dropper-${port}`)
    assert.equal(code, 0, faults)
  }
  await drop()
  const first = readFileSync(file('first.log'), 'utf8')
  assert.match(first, /"request":"held-drop"/)
  await reload(broker, `log: {audit: none/second.log}\n`, /what was in force stays in force[\s\S]*do .*\n/)
  assert.match(broker.stderr, /pabal\.yaml:1:14 {2}log\.audit\n {2}found .*none\/second\.log: ENOENT/)
  await reload(broker, `${rules}log: {audit: second.log}\n`, /In force now: log\.audit\.\n/)
  await drop()
  assert.equal(readFileSync(file('first.log'), 'utf8'), first)
  assert.match(readFileSync(file('second.log'), 'utf8'), /"request":"held-drop"/)
  await reload(broker, rules, /In force now: log\.audit\.\n/)
  await drop()
  await broker.shown(/"event":"audit"/)
  assert.equal(existsSync(file('none')), false)
  assert.equal(await broker.stop(), 0)
})
