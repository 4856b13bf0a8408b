/**
 * Where things stand on a page of the dashboard.
 */
import type { Locator, Page } from 'playwright-core'

/** The row that has such a cell. */
export function row(page: Page, cell: string): Locator {
  return page.getByRole('row').filter({ has: page.getByRole('cell', { name: cell, exact: true }) })
}

export function rowTexts(page: Page, column: number): Promise<string[]> {
  return page.locator(`tbody tr td:nth-child(${column + 1})`).allTextContents()
}

/** Waits until a number of the overview has that value. */
export async function stat(page: Page, title: string, value: string, timeout = 5000): Promise<void> {
  await named(page.locator('.stat'), page, title).getByText(value, { exact: true }).waitFor({ timeout })
}

/** Waits until a fact in a panel has that value. */
export async function fact(page: Page, title: string, value: string): Promise<void> {
  await named(page.locator('.facts > div'), page, title).getByText(value, { exact: true }).waitFor({ timeout: 5000 })
}

function named(places: Locator, page: Page, title: string): Locator {
  return places.filter({ has: page.getByText(title, { exact: true }) }).locator('dd')
}
