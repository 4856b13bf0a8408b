/**
 * How long ago something was is true while somebody looks, not only when it came to the page.
 */
import { test } from 'node:test'
import { staying } from '../support/wire-client.ts'
import { row } from './rows.ts'
import { startDashboard, stopClock } from './support.ts'

const timeout = 60_000

test('since when a client is connected goes on with the time, also while the broker says nothing', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard()
  await dashboard.api.at.client(5, staying(5, 'pump'))
  const opened = await dashboard.show('clients', { ownClock: true })
  const { page } = opened
  const since = row(page, 'pump').getByRole('cell').nth(2)
  await since.waitFor()
  await stopClock(opened)
  // The clock of the broker does not go on with that of the page: its answers would set the time back.
  await page.route('**/api/**', (route) => route.abort())
  await page.clock.runFor(15_000)
  await since.getByText(/^[12]\d s ago$/).waitFor({ timeout: 5000 })
})
