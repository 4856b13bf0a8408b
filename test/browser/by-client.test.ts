/**
 * Trace and undelivered messages of one client, and by their fate.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { row } from './rows.ts'
import { playScene, say, sceneOptions } from './scene.ts'
import { startDashboard } from './support.ts'

const timeout = 60_000

test('the trace shows what one client published or had a copy of, and goes on doing so', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const [pump, other, cook] = [
    await at.client(5, { clientIdentifier: 'pump' }),
    await at.client(5, { clientIdentifier: 'other' }),
    await at.client(5, { clientIdentifier: 'cook' }),
  ]
  await cook.subscribe('for-cook', { qos: 0 })
  await say(pump, 'a', '1')
  await say(other, 'b', '2')
  await say(other, 'for-cook', '3')
  const { page, faults } = await dashboard.show('trace?client=pump')
  await row(page, 'a').waitFor()
  assert.equal(await row(page, 'b').count(), 0)
  await say(other, 'b', '4')
  await say(pump, 'c', '5')
  await row(page, 'c').waitFor()
  assert.equal(await row(page, 'b').count(), 0)
  await page.getByLabel('Client Identifier').fill('cook')
  await row(page, 'for-cook').waitFor()
  assert.equal(await row(page, 'c').count(), 0)
  assert.match(page.url(), /client=cook/)
  await page.getByLabel('Fate').selectOption('unmatched')
  await page.getByText('Waiting for messages…').waitFor()
  assert.deepEqual(faults, [])
})

test('Sessions are narrowed by a part of the Client Identifier, and one that is no more is opened by all of it', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const { page, faults } = await dashboard.show('clients')
  await row(page, 'printer').waitFor()
  const field = page.getByLabel('Part of a Client Identifier')
  await field.fill('KITCH')
  await row(page, 'printer').waitFor({ state: 'detached' })
  await row(page, 'kitchen').waitFor()
  assert.match(page.url(), /like=KITCH/)
  await page.getByRole('button', { name: 'Offline' }).click()
  await page.getByText('There are no such Sessions.').waitFor()
  await field.fill('long gone')
  await field.press('Enter')
  await page.getByRole('heading', { name: 'long gone' }).waitFor()
  await page.getByText('No Session has this Client Identifier now.').waitFor()
  assert.deepEqual(
    faults.filter((fault) => !fault.includes('404')),
    [],
  )
})

test('what is undelivered is narrowed by client and by fate, and then not dropped as a whole', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const other = await dashboard.api.at.client(5, { clientIdentifier: 'other' })
  await say(other, 'commands/door/open', 'x')
  const { page, faults } = await dashboard.show('undelivered')
  await row(page, 'commands/pump/start').waitFor()
  await page.getByLabel('Client Identifier').fill('other')
  await row(page, 'commands/pump/start').waitFor({ state: 'detached' })
  await row(page, 'commands/door/open').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Drop all…' }).isDisabled(), true)
  await page.getByLabel('Client Identifier').fill('')
  await row(page, 'commands/pump/start').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Drop all…' }).isDisabled(), false)
  await page.getByRole('button', { name: 'Refused, expired, dropped' }).click()
  await row(page, 'readings/cellar/temperature').waitFor()
  await page.getByLabel('Fate').selectOption('refused')
  await row(page, 'readings/cellar/temperature').waitFor({ state: 'detached' })
  await row(page, 'commands/pump/restart').waitFor()
  assert.deepEqual(faults, [])
})
