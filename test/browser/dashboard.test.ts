/**
 * The dashboard in Chromium against a running broker: every page shows what the broker knows, by itself.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { staying } from '../support/wire-client.ts'
import { fact, row, rowTexts, stat } from './rows.ts'
import { hostileClient, hostilePayload, playScene, say, sceneOptions } from './scene.ts'
import { buildDashboard, type Dashboard, dashboardFolder, startDashboard, stopClock } from './support.ts'

const timeout = 60_000
/** Of the page's own clock, which stands still otherwise; the rest of the second is for the broker's answer. */
const soonMs = 600

test('all files of the dashboard together are under 150 KB with gzip', { timeout }, () => {
  buildDashboard()
  const files = readdirSync(dashboardFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const sizes = files.map((entry) => gzipSync(readFileSync(join(entry.parentPath, entry.name))).length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(total < 150_000, `${total} bytes`)
})

test('the overview says what is undelivered now, that the ledger adds up, and updates by itself', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  const { sensor } = await playScene(dashboard.api.at)
  const { page, faults } = await dashboard.show('overview')
  await stat(page, 'Held', '2')
  await stat(page, 'Dead letters', '1')
  await stat(page, 'Refused', '1')
  await stat(page, 'Connections', '4')
  await page.getByText('adds up').nth(1).waitFor()
  await say(sensor, 'commands/pump/slower', 'x')
  await stat(page, 'Held', '3')
  await page.getByRole('img', { name: /^Messages per second\. in: [\d.]+, out: [\d.]+$/ }).waitFor()
  assert.deepEqual(faults, [])
})

test('who listens shows every subscriber as the broker does, and the rule that decides if there is none', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const { page, faults } = await dashboard.show('who')
  await ask(page, 'kitchen/1/ticket')
  await page.getByText('goes to 3 listeners').waitFor()
  const { body } = await dashboard.api.get('/topics/kitchen%2F1%2Fticket/listeners')
  const names = body.data.map((row: { clientIdentifier: string }) => row.clientIdentifier)
  assert.deepEqual(await rowTexts(page, 0), names)
  await row(page, 'printer').getByText('waits, QoS ≥ 1').waitFor()
  await row(page, 'monitor').getByText('observer').waitFor()
  await ask(page, 'commands/pump/restart')
  await page.getByText('Its publisher is refused.').waitFor()
  await page.getByText('The rule that decides: commands/+/restart').waitFor()
  await ask(page, 'commands/pump/start')
  await page.getByText('1 messages (47 B) are held on this Topic Name.').waitFor()
  assert.deepEqual(faults, [])
})

test('who listens has asked for a new Subscription 600 ms after its SUBACK, and for one that has ended', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard()
  const opened = await dashboard.show('who?topic=a%2Fb', { ownClock: true })
  const { page } = opened
  await page.getByText('meets nobody who listens').waitFor()
  const client = await dashboard.api.at.client(5, { clientIdentifier: 'newcomer' })
  await stopClock(opened)
  await client.subscribe('a/+')
  assert.equal(await page.getByText('meets nobody who listens').count(), 1)
  await page.clock.runFor(soonMs)
  await page.getByText('goes to 1 listener').waitFor()
  await row(page, 'newcomer').waitFor()
  await client.unsubscribe('a/+')
  await page.clock.runFor(soonMs)
  await page.getByText('meets nobody who listens').waitFor()
})

test('a Topic Name is there 600 ms after its first message, marked while nobody listens, and so are its live subscribers', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const opened = await dashboard.show('topics', { ownClock: true })
  const { page, faults } = opened
  const client = await at.client(5, { clientIdentifier: 'c' })
  await stopClock(opened)
  await say(client, 'a/b', 'x')
  await page.clock.runFor(soonMs)
  await row(page, 'b').getByText('nobody listens').waitFor()
  await page.getByText('1 without listeners').waitFor()
  await client.subscribe('a/#')
  await page.clock.runFor(soonMs)
  await row(page, 'b').getByRole('cell').nth(4).getByText('1', { exact: true }).waitFor()
  assert.equal(await page.getByText('nobody listens', { exact: true }).count(), 0)
  await page.getByRole('button', { name: 'Close a', exact: true }).click()
  assert.equal(await row(page, 'b').count(), 0)
  assert.deepEqual(faults, [])
})

test('XSS: what a message says is shown as text, and a held one is released to who listens, once', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const pump = await dashboard.api.at.client(5, { clientIdentifier: 'pump' })
  await pump.subscribe('commands/#', { qos: 0 })
  const { page, faults } = await dashboard.show('undelivered')
  await row(page, 'commands/pump/start').getByRole('button').click()
  await page.getByText(hostilePayload, { exact: true }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Release…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Release', exact: true }).click()
  await page.getByText('Done: 1. Refused: 0.').waitFor()
  assert.equal((await pump.message()).text, hostilePayload)
  await pump.quiet()
  await row(page, 'commands/pump/start').waitFor({ state: 'detached' })
  assert.equal((await dashboard.api.get('/held')).body.about.held.messages, 1)
  assert.deepEqual(faults, [])
})

test('dead letters are published again or dropped, after being asked once more', { timeout }, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  const { sensor } = await playScene(dashboard.api.at)
  await say(sensor, 'orders/old', 'y')
  const { page, faults } = await dashboard.show('undelivered?show=dead')
  await page.getByLabel('Topic Filter').fill('orders/old')
  await row(page, 'orders/new').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Drop all…' }).click()
  await page.getByText('All on orders/old').waitFor()
  await page.keyboard.press('Escape')
  assert.equal(await deadLetters(dashboard), 2)
  await page.getByRole('button', { name: 'Drop all…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Drop', exact: true }).click()
  await page.getByText('Done: 1. Refused: 0.').waitFor()
  assert.equal(await deadLetters(dashboard), 1)
  await sensor.subscribe('orders/#', { qos: 1 })
  await page.getByLabel('Topic Filter').fill('')
  await row(page, 'orders/new').waitFor()
  await page.getByRole('button', { name: 'Publish all again…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Publish again' }).click()
  assert.equal((await sensor.message()).text, '토스트 2개')
  assert.deepEqual(faults, [])
})

test('messages that reached nobody are listed with the reason, and counted by rule', { timeout }, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const { page } = await dashboard.show('undelivered?show=lost')
  await row(page, 'commands/pump/restart').getByText('refused').waitFor()
  await row(page, 'readings/cellar/temperature').getByText('nobody listened').waitFor()
  assert.equal(await row(page, 'kitchen/1/ticket').count(), 0)
  await page.getByRole('button', { name: 'By rule' }).click()
  await row(page, 'commands/#').getByText('held for a listener').waitFor()
})

test('XSS: a Client Identifier made of markup is text wherever it stands, and its Session is found by it', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const { page, faults } = await dashboard.show('clients')
  await page.getByRole('link', { name: hostileClient }).click()
  await page.getByRole('heading', { name: hostileClient }).waitFor()
  await row(page, 'kitchen/+/ticket').getByText('cooks').waitFor()
  assert.deepEqual(faults, [])
})

test('a Session shows what is in flight and what waits, as the API does', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const away = await at.client(5, staying(5, 'away'))
  await away.subscribe('t', { qos: 1 })
  await at.lose(away)
  const writer = await at.client(5, { clientIdentifier: 'writer' })
  await say(writer, 't', '12345')
  const { page } = await dashboard.show('clients/away')
  await fact(page, 'Waiting', '1 (6 B)')
  await fact(page, 'Kept when offline', 'for ever')
  await page.getByText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/).waitFor()
  await page.getByText('offline', { exact: true }).waitFor()
  await say(writer, 't', '12345')
  await fact(page, 'Waiting', '2 (12 B)')
})

test('the trace shows what becomes of messages as they come in, and how many it leaves out', { timeout }, async () => {
  await using dashboard = await startDashboard({ limits: { fateLogPerSecondMax: 5 } })
  const { at } = dashboard.api
  const client = await at.client(5, { clientIdentifier: 'c' })
  const { page, faults } = await dashboard.show('trace?topic=a%2F%23')
  await page.getByText('Waiting for messages…').waitFor()
  await say(client, 'a/b', 'x')
  await row(page, 'a/b').getByText('nobody listened').waitFor()
  await client.subscribe('a/b', { qos: 0 })
  for (let number = 0; number < 200; number++) await at.broker.publish({ topicName: 'a/b', payload: 'x' })
  await page.getByText(/^\d+ more not shown: too many came in a second\.$/).waitFor()
  assert.deepEqual(faults, [])
})

test('a broker that does not answer is said to be disconnected, and what was shown stays', { timeout }, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const { page } = await dashboard.show('overview')
  await stat(page, 'Held', '2')
  await page.route('**/api/**', (route) => route.abort())
  await page.getByRole('alert').getByText('Disconnected').waitFor()
  await stat(page, 'Held', '2')
  await page.unroute('**/api/**')
  await page.getByRole('alert').waitFor({ state: 'detached' })
  await page.getByRole('status').getByText('Live').first().waitFor()
})

test('nothing that the dashboard does makes the broker have another Subscription', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { page } = await dashboard.show('topics')
  await page.getByText('No messages have come in lately.').waitFor()
  const { body } = await dashboard.api.get('/overview')
  assert.deepEqual([body.subscriptions, body.sessions, body.connections], [0, { online: 0, offline: 0 }, 0])
})

async function ask(page: Page, topicName: string): Promise<void> {
  await page.getByLabel('Topic Name', { exact: true }).fill(topicName)
  await page.getByRole('button', { name: 'Ask' }).click()
}

async function deadLetters({ api }: Dashboard): Promise<number> {
  return (await api.get('/dead')).body.about.dead.messages
}
