/**
 * The page on which messages are published and subscribed to.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { row } from './rows.ts'
import { hostilePayload, say } from './scene.ts'
import { startDashboard } from './support.ts'

const timeout = 60_000

async function subscribe(page: Page, topicFilter: string): Promise<void> {
  await page.getByLabel('Topic Filter').fill(topicFilter)
  await page.getByRole('button', { name: 'Subscribe', exact: true }).click()
  await page.getByText('Subscribed', { exact: true }).waitFor()
}

test('whoever subscribes sees what is retained and what is published beside it, as JSON, text and bytes', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard()
  const client = await dashboard.api.at.client(5, { clientIdentifier: 'c' })
  await say(client, 'orders/old', hostilePayload, true)
  const { page, faults } = await dashboard.show('try?topic=orders%2Fnew')
  await subscribe(page, 'orders/+')
  await row(page, 'retained orders/old').getByText(hostilePayload).waitFor()
  await page.getByText('counts as a listener').waitFor()
  await page.getByLabel('Payload', { exact: true }).fill('{"n":12345678901234567890}')
  await page.getByText('Properties', { exact: true }).click()
  await page.getByLabel('Content Type').fill('application/json')
  await page.getByLabel('Expires after (s)').fill('60')
  await page.getByLabel('Response Topic').fill('replies/7')
  await page.getByLabel('Correlation Data').fill('order 7')
  await page.getByLabel('Payload Format Indicator').check()
  await page.getByRole('button', { name: 'Add a User Property' }).click()
  await page.getByLabel('Name of User Property 1').fill('trace')
  await page.getByLabel('Value of User Property 1').fill('on')
  await page.getByText('Properties (6 set)').waitFor()
  await page.getByLabel('Show who has got it').check()
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByText('0x00 success').waitFor()
  await page.getByText('Acknowledged by 1 of 1').waitFor()
  await page.getByText(/^By pabal-http-/).waitFor()
  await row(page, 'orders/new').getByRole('button', { name: 'Look at what came on orders/new' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('{\n  "n": 12345678901234567890\n}').waitFor()
  await dialog.getByRole('button', { name: 'Hex' }).click()
  await dialog.getByText('000000  7b 22 6e 22 3a').waitFor()
  const pairs = await dialog.locator('.pairs > div').allInnerTexts()
  assert.deepEqual(
    pairs.map((pair) => pair.replace(/\s*\n+\s*/, ': ')),
    [
      'Content Type: application/json',
      'Payload Format Indicator: 1',
      'Message Expiry Interval: 60',
      'Response Topic: replies/7',
      'Correlation Data: order 7',
      'User Property trace: on',
    ],
  )
  assert.deepEqual(faults, [])
})

test('its Session is among the clients, and is gone as soon as the page is left', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { page, faults } = await dashboard.show('try')
  const names = async (): Promise<string[]> =>
    (await dashboard.api.get('/clients')).body.data.map((each: { clientIdentifier: string }) => each.clientIdentifier)
  assert.deepEqual(await names(), [], 'nothing is subscribed to before somebody says so')
  await subscribe(page, '#')
  await page.getByText('only observes: does not count as a listener').waitFor()
  const [name = ''] = await names()
  assert.match(name, /^pabal-http-/)
  await page.getByRole('link', { name: 'Clients' }).click()
  await page.getByText('There are no such Sessions.').waitFor()
  assert.deepEqual(await names(), [])
  assert.deepEqual(faults, [])
})

test('what comes faster than can be shown is counted, and the newest is kept', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { page, faults } = await dashboard.show('try')
  await subscribe(page, 'fast')
  const publish = () => dashboard.api.at.broker.publish({ topicName: 'fast', payload: 'x', qos: 0 })
  await Promise.all(Array.from({ length: 1234 }, publish))
  const leftOut = page.getByText(/^[\d,]+ more not shown: they came faster than 100 a second\.$/)
  await leftOut.waitFor()
  const number = (text: string | null): number => Number(text?.replace(/,/g, '').match(/\d+/)?.[0])
  const shown = number(await page.getByText(/^[\d,]+ received/).textContent())
  const hidden = number(await leftOut.textContent())
  assert.equal(shown + hidden, 1234)
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByText('0 received').waitFor()
  assert.deepEqual(faults, [])
})

test('a Subscription that is refused says why, and one that an operator ends says so', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { page } = await dashboard.show('try')
  await page.getByLabel('Topic Filter').fill('a/#/b')
  await page.getByRole('button', { name: 'Subscribe', exact: true }).click()
  await page.getByText('"a/#/b": "#" is character 3 of 5; it must be the last one').waitFor()
  await subscribe(page, 'a/#')
  const { body } = await dashboard.api.get('/clients')
  await dashboard.api.send('DELETE', `/clients/${body.data[0].clientIdentifier}`)
  await page.getByText('The Subscription has ended').waitFor()
  await subscribe(page, 'a/#')
  await page.getByRole('button', { name: 'Unsubscribe' }).click()
  await page.getByRole('button', { name: 'Subscribe', exact: true }).waitFor()
})

test('a payload that is no text is shown as bytes, and can be published as base64', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { page, faults } = await dashboard.show('try?topic=raw')
  await subscribe(page, 'raw')
  await page.getByLabel('Payload', { exact: true }).fill('gIE=')
  await page.getByLabel('Written as').selectOption('base64')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await row(page, 'raw').getByText('80 81').waitFor()
  await row(page, 'raw').getByRole('button').click()
  await page.getByText('Not UTF-8 text: shown as bytes.').waitFor()
  await page.getByText('000000  80 81').waitFor()
  assert.deepEqual(faults, [])
})
