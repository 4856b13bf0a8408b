/**
 * Logging in to the dashboard, and out.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { staying } from '../support/wire-client.ts'
import { keepScreenshot, startDashboard } from './support.ts'

const timeout = 60_000

test('nothing is shown before the login; what is done afterwards bears the token of the login', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard({}, 'needed')
  const { at } = dashboard.api
  const client = await at.client(5, staying(5, 'pump'))
  const { page } = await dashboard.show('clients/pump', { language: 'ko', theme: 'dark', width: 360 })
  await page.getByRole('heading', { name: 'Pabal 로그인' }).waitFor()
  await keepScreenshot(page, 'login.dark.ko.360')
  await page.getByLabel('언어').selectOption('en')
  await logIn(page, 'not the password')
  await page.getByRole('alert').waitFor()
  assert.equal(await page.getByText('pump').count(), 0)
  await logIn(page, dashboard.api.firstPassword ?? '')
  await page.getByRole('heading', { name: 'pump' }).waitFor()
  await page.getByRole('button', { name: 'Disconnect…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
  await client.refused(0x98)
  await page.reload()
  await page.getByRole('heading', { name: 'pump' }).waitFor()
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('button', { name: 'Log out (admin)' }).click()
  await page.getByRole('heading', { name: 'Log in to Pabal' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Log in to Pabal' }).waitFor()
})

test('who is logged out elsewhere is asked to log in again', { timeout }, async () => {
  await using dashboard = await startDashboard({}, 'needed')
  const { page, context } = await dashboard.show('overview')
  await logIn(page, dashboard.api.firstPassword ?? '')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await context.clearCookies()
  await page.getByText('Your session is over. Please log in again.').waitFor()
})

async function logIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}
