/**
 * Bans on the dashboard: a client is banned where it is looked at, and let in again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { staying } from '../support/wire-client.ts'
import { row } from './rows.ts'
import { hostileClient, hostilePayload } from './scene.ts'
import { startDashboard } from './support.ts'

const timeout = 60_000

test('a client is banned on its page, for a time and with a reason, and is disconnected', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const client = await at.client(5, staying(5, hostileClient))
  const { page, faults } = await dashboard.show(`clients/${encodeURIComponent(hostileClient)}`)
  await page.getByRole('button', { name: 'Ban…' }).click()
  const dialog = page.getByRole('dialog')
  assert.equal(await dialog.getByLabel('Who').inputValue(), hostileClient)
  await dialog.getByLabel('What is banned').selectOption('peerhost')
  assert.equal(await dialog.getByLabel('Who').inputValue(), '127.0.0.1')
  await dialog.getByLabel('What is banned').selectOption('clientid')
  await dialog.getByLabel('For how long').selectOption({ label: '10 min' })
  await dialog.getByLabel('Reason').fill(hostilePayload)
  await dialog.getByRole('button', { name: 'Ban', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal((await client.next('disconnect')).reasonCode, 0x87)
  const [{ as, who, reason, at: made, until }] = (await dashboard.api.get('/banned')).body.data
  assert.deepEqual([as, who, reason], ['clientid', hostileClient, hostilePayload])
  assert.equal(Date.parse(until) - Date.parse(made), 600_000)
  await page.getByRole('button', { name: 'Disconnect…', disabled: true }).waitFor()
  assert.deepEqual(faults, [])
})

test('who is banned is listed with why and until when, more are banned there, and each is let in again', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard()
  const { api } = dashboard
  await api.send('POST', '/banned', { as: 'username', who: hostileClient, reason: hostilePayload, by: 'night-shift' })
  const { page, faults } = await dashboard.show('security')
  const first = row(page, hostileClient)
  for (const text of ['User Name', hostilePayload, 'night-shift', 'never']) {
    await first.getByText(text, { exact: true }).waitFor()
  }
  await page.getByRole('button', { name: 'Ban…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('What is banned').selectOption('peerhost_net')
  await dialog.getByLabel('Who').fill('10.0.0.1')
  await page.keyboard.press('Enter')
  await dialog.getByRole('alert').getByText('a range of addresses').first().waitFor()
  await dialog.getByLabel('Who').fill('10.0.0.0/8')
  await dialog.getByLabel('For how long').selectOption({ label: 'for ever' })
  await page.keyboard.press('Enter')
  await row(page, '10.0.0.0/8').getByText('Range of addresses').waitFor()
  await page.getByText('2 of at most 100,000').waitFor()
  await page.getByRole('button', { name: `Lift the ban of ${hostileClient}` }).click()
  await dialog.getByRole('button', { name: 'Lift the ban' }).click()
  await first.waitFor({ state: 'detached' })
  assert.deepEqual(
    (await api.get('/banned')).body.data.map(({ who }: { who: string }) => who),
    ['10.0.0.0/8'],
  )
  assert.equal(faults.filter((fault) => !/status of 400/.test(fault)).length, 0)
})
