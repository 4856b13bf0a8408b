/**
 * Access rules on the dashboard: who is kept from a message, and by which rule.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessRules } from '../../src/index.ts'
import { row } from './rows.ts'
import { startDashboard } from './support.ts'

const timeout = 60_000

const access = accessRules({
  rules: [
    { allow: ['publish', 'subscribe'], topics: ['#'] },
    { deny: ['receive'], topics: ['orders/secret'], clients: ['bob'] },
    { deny: ['publish'], topics: ['orders/1'], groups: ['guests'] },
  ],
  groups: [{ name: 'guests' }],
})

test('who subscribes and may not receive is shown as denied, with the rule, and does not count', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard({ access })
  for (const clientIdentifier of ['ann', 'bob']) {
    await (await dashboard.api.at.client(5, { clientIdentifier })).subscribe('orders/+', { qos: 1 })
  }
  const { page, faults } = await dashboard.show('who?topic=orders%2Fsecret')
  await page.getByText('goes to 1 listener').waitFor()
  await row(page, 'bob').getByText('no: subscribed but denied').waitFor()
  await row(page, 'bob').getByText('access.rules[1]: deny receive orders/secret').waitFor()
  await row(page, 'ann').getByText('now', { exact: true }).waitFor()
  await page.getByText('Denied: the access rules keep it from them').waitFor()
  await page.getByLabel('Topic Name').fill('orders/open')
  await page.keyboard.press('Enter')
  await page.getByText('goes to 2 listeners').waitFor()
  assert.equal(await page.getByText('By which access rule').count(), 0)
  assert.deepEqual(faults, [])
})

test('whoever tries out a Subscription gets what a rule keeps from clients: an operator may look', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard({
    access: accessRules({ rules: [{ allow: ['publish'], topics: ['#'] }] }),
  })
  const { page } = await dashboard.show('try?topic=a')
  await page.getByLabel('Topic Filter').fill('a')
  await page.getByRole('button', { name: 'Subscribe', exact: true }).click()
  await page.getByText('Subscribed', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await row(page, 'a').waitFor()
})

test('whether a client may do something is tried, and the rule that decides is shown', { timeout }, async () => {
  await using dashboard = await startDashboard({ access })
  const { page, faults } = await dashboard.show('security')
  const ask = async (action: string, topic: string): Promise<void> => {
    await page.getByLabel('May it').selectOption(action)
    await page.getByLabel('Topic Name or Topic Filter').fill(topic)
    await page.getByRole('button', { name: 'Test' }).click()
  }
  await page.getByLabel('Client Identifier').fill('bob')
  await ask('publish', 'orders/1')
  await page.getByText('Allowed', { exact: true }).waitFor()
  await page.getByText('access.rules[0]: allow publish, subscribe #').waitFor()
  await page.getByLabel('Its groups').fill('staff,guests')
  await ask('publish', 'orders/1')
  await page.getByText('access.rules[2]: deny publish orders/1').waitFor()
  await page.getByLabel('Its groups').fill('')
  await ask('receive', 'orders/secret')
  await page.getByText('Denied', { exact: true }).waitFor()
  await page.getByText('access.rules[1]: deny receive orders/secret').waitFor()
  assert.match(page.url(), /client=bob&action=receive&topic=orders%2Fsecret$/)
  await ask('publish', 'a/#')
  await page.getByRole('alert').waitFor()
  assert.equal(faults.filter((fault) => !/status of 400/.test(fault)).length, 0)
})

test('a key is made, shown once, and taken back; the password changes for who knows it', { timeout }, async () => {
  await using dashboard = await startDashboard({}, 'needed')
  const { api } = dashboard
  const { page } = await dashboard.show('security')
  await page.getByLabel('User name').fill('admin')
  await page.getByLabel('Password').fill(api.firstPassword ?? '')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByLabel('Name', { exact: true }).fill('"><b>grafana')
  await page.getByRole('button', { name: 'Make a key' }).click()
  const key = await page.getByText(/^pabal\.[0-9a-f]{16}\./).textContent()
  const headers = { authorization: `Bearer ${key}` }
  assert.equal((await api.get('/overview', headers)).status, 200)
  assert.equal((await api.send('POST', '/publish', { topic: 'a' }, headers)).status, 403)
  await page.getByRole('button', { name: 'Take back "><b>grafana' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click()
  await page.getByText('There are no API keys.').waitFor()
  assert.equal((await api.get('/overview', headers)).status, 401)
  const change = async (current: string): Promise<void> => {
    await page.getByLabel('Current password').fill(current)
    await page.getByLabel(/^New password/).fill('a new long password')
    await page.getByRole('button', { name: 'Change the password' }).click()
  }
  await change('wrong')
  await page.getByRole('alert').waitFor()
  await change(api.firstPassword ?? '')
  await page.getByText('The password has changed.').waitFor()
  assert.equal((await api.send('POST', '/login', { username: 'admin', password: 'a new long password' })).status, 200)
})
