/**
 * One Session on the dashboard: what is in flight, what waits, what has happened, and ending it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { staying } from '../support/wire-client.ts'
import { fact, row } from './rows.ts'
import { hostilePayload, say } from './scene.ts'
import { startDashboard } from './support.ts'

const timeout = 60_000

test('what is in flight to a client is shown with its Packet Identifier and what it waits for', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const slow = await at.client(5, { ...staying(5, 'slow'), keepAliveSeconds: 90 })
  await slow.subscribe('t', { qos: 2 })
  await at.broker.publish({ topicName: 't', payload: 'x', qos: 1 })
  await at.broker.publish({ topicName: 't', payload: 'y', qos: 2 })
  const { page, faults } = await dashboard.show('clients/slow?show=inFlight')
  await fact(page, 'Keep Alive', '90 s')
  await fact(page, 'Encrypted (TLS)', 'no')
  await fact(page, 'In flight', '2')
  await row(page, 'PUBACK from the client').getByText('to the client').waitFor()
  await row(page, 'PUBREC from the client').waitFor()
  const { body } = await dashboard.api.get('/clients/slow/inflight_messages')
  const shown = await page.locator('tbody tr td:nth-child(2)').allTextContents()
  assert.deepEqual(
    shown,
    body.data.map((each: { packetIdentifier: number }) => String(each.packetIdentifier)),
  )
  assert.deepEqual(faults, [])
})

test('what waits for a client is shown in order, and what it says if that is asked for', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const away = await at.client(5, staying(5, 'away'))
  await away.subscribe('t/#', { qos: 1 })
  await at.lose(away)
  const writer = await at.client(5, { clientIdentifier: 'writer' })
  await say(writer, 't/1', hostilePayload)
  await say(writer, 't/2', '{"a":1}')
  const { page, faults } = await dashboard.show('clients/away')
  await page.getByRole('button', { name: 'Waiting' }).click()
  await row(page, 't/2').waitFor()
  assert.deepEqual(await page.locator('tbody tr td:nth-child(1)').allTextContents(), ['t/1', 't/2'])
  await say(writer, 't/3', 'later')
  await row(page, 't/3').waitFor()
  await page.getByLabel(/^Show what they say/).check()
  await row(page, 't/1').getByRole('button').click()
  await page.getByRole('dialog').getByText(hostilePayload, { exact: true }).waitFor()
  assert.deepEqual(faults, [])
})

test('the history of a client outlasts its Session, and says why connections ended', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const first = await at.client(5, { clientIdentifier: 'c' })
  await first.subscribe('a/b', { qos: 1 })
  const second = await at.client(5, { clientIdentifier: 'c' })
  await at.lose(second)
  const { page, faults } = await dashboard.show('clients/c')
  await page.getByText('No Session has this Client Identifier now.').waitFor()
  await row(page, 'subscribed').getByText('a/b · QoS 1').waitFor()
  await row(page, 'taken over').waitFor()
  await page.getByText(/^0x8e/).first().waitFor()
  assert.equal(faults.filter((fault) => !/status of 404/.test(fault)).length, 0)
})

test('a Session is ended after being asked once more, with all that waits for it', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const away = await at.client(5, staying(5, 'away'))
  await away.subscribe('t', { qos: 1 })
  await at.lose(away)
  await at.broker.publish({ topicName: 't' })
  const { page } = await dashboard.show('clients/away')
  await page.getByRole('button', { name: 'End the Session…' }).click()
  await page.getByText('This cannot be undone.', { exact: false }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'End the Session' }).click()
  await page.getByText('No Session has this Client Identifier now.').waitFor()
  assert.deepEqual((await dashboard.api.get('/clients')).body.data, [])
})

test('a Subscription is ended, and what waits given up, after being asked once more', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const away = await at.client(5, staying(5, 'away'))
  await away.subscribe('t', { qos: 1 })
  await away.subscribe('$share/g/u/#', { qos: 1 })
  await at.lose(away)
  for (const payload of ['1', '2']) await at.broker.publish({ topicName: 't', payload })
  const { page, faults } = await dashboard.show('clients/away')
  await page.getByRole('button', { name: 'Unsubscribe from $share/g/u/#' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  assert.equal((await dashboard.api.get('/subscriptions')).body.data.length, 2)
  await page.getByRole('button', { name: 'Unsubscribe from $share/g/u/#' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Unsubscribe' }).click()
  await row(page, 'u/#').waitFor({ state: 'detached' })
  assert.equal((await dashboard.api.get('/subscriptions')).body.data.length, 1)
  await page.getByRole('button', { name: 'Waiting' }).click()
  await page.getByRole('button', { name: 'Give up all…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Give up all' }).click()
  await page.getByText('2 messages given up.').waitFor()
  await page.getByText('No message waits.').waitFor()
  await fact(page, 'Did not reach it', '2')
  await page.getByRole('button', { name: 'History' }).click()
  await row(page, 'unsubscribed').getByText('by an operator').waitFor()
  await row(page, 'queue given up').getByText('2 messages').waitFor()
  assert.deepEqual(faults, [])
})
