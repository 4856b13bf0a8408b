/**
 * What can be done on the pages of the dashboard besides looking.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { staying } from '../support/wire-client.ts'
import { fact, row } from './rows.ts'
import { hostilePayload, playScene, say, sceneOptions } from './scene.ts'
import { startDashboard } from './support.ts'

const timeout = 60_000

test('a client is disconnected after being asked once more, and its Session stays', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const client = await dashboard.api.at.client(5, staying(5, 'pump'))
  const { page, faults } = await dashboard.show('clients/pump')
  await page.getByRole('button', { name: 'Disconnect…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await client.quiet()
  await page.getByRole('button', { name: 'Disconnect…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
  await client.refused(0x98)
  await page.getByText('offline', { exact: true }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Disconnect…' }).isDisabled(), true)
  await fact(page, 'Protocol', '–')
  assert.deepEqual(faults, [])
})

test('who publishes is told what a publisher is told: delivered, held, refused', { timeout }, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  const kitchen = await dashboard.api.at.client(5, { clientIdentifier: 'kitchen' })
  await kitchen.subscribe('kitchen/#')
  const { page, faults } = await dashboard.show('try')
  const publish = async (topicName: string): Promise<void> => {
    await page.getByLabel('Topic Name', { exact: true }).fill(topicName)
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
  }
  await page.getByLabel('Payload', { exact: true }).fill('두 잔')
  await publish('kitchen/1')
  await page.getByText('0x00 success').waitFor()
  await page.getByText('Listeners: 1, waiting copies: 0').waitFor()
  assert.equal((await kitchen.message()).text, '두 잔')
  await publish('commands/x')
  await page.getByText('0x10 no_matching_subscribers').waitFor()
  await page.getByText('held', { exact: true }).waitFor()
  await publish('commands/x/restart')
  await page.getByText('0x83 nobody subscribes to this Topic Name').waitFor()
  await publish('a/#')
  await page.getByRole('alert').getByText('The broker refused').waitFor()
  // What the broker refuses is said in the console of a browser, too.
  assert.equal(faults.filter((fault) => !/status of 4\d\d/.test(fault)).length, 0)
})

test('Retained Messages are looked at as text, and deleted after being asked once more', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const client = await dashboard.api.at.client(5, { clientIdentifier: 'c' })
  await say(client, 'status/door', hostilePayload, true)
  await say(client, 'other', 'y', true)
  const { page, faults } = await dashboard.show('retained?filter=status%2F%23')
  await row(page, 'status/door').getByRole('button').click()
  await page.getByText(hostilePayload, { exact: true }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No message is retained.').waitFor()
  await page.getByLabel('Topic Filter').fill('')
  await row(page, 'other').waitFor()
  assert.deepEqual(faults, [])
})

test('the configuration shows what is in force, and whether it was given', { timeout }, async () => {
  await using dashboard = await startDashboard({ limits: { topicsSeenMax: 77 } })
  const { page, faults } = await dashboard.show('config')
  await page.getByLabel('Search').fill('topicsSeen')
  await row(page, 'limits.topicsSeenMax').getByText('77').waitFor()
  await row(page, 'limits.topicsSeenMax').getByText('given').waitFor()
  assert.deepEqual(faults, [])
})

test('from a Topic Name that nobody hears it is one step to who listens', { timeout }, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const { page } = await dashboard.show('topics?filter=commands%2F%23')
  await page.getByRole('link', { name: 'Who? commands/pump/restart' }).click()
  await page.getByText('The rule that decides: commands/+/restart').waitFor()
})

test('shared groups show their members, and are marked when nobody of them is online', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { at } = dashboard.api
  const cook = await at.client(5, staying(5, 'cook'))
  await cook.subscribe('$share/cooks/orders/#', { qos: 1 })
  const { page, faults } = await dashboard.show('groups')
  await row(page, 'cooks').getByText('orders/#').waitFor()
  assert.equal(await row(page, 'cooks').getAttribute('class'), null)
  await at.lose(cook)
  const writer = await at.client(5, { clientIdentifier: 'writer' })
  await say(writer, 'orders/new', '12345')
  await row(page, 'cooks').getByText('1 (15 B)').waitFor()
  assert.equal(await row(page, 'cooks').getAttribute('class'), 'danger')
  assert.deepEqual(faults, [])
})
