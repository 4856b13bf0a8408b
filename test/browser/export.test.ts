/**
 * A list of the dashboard as a file: all of it, and nothing in it that a spreadsheet would carry out.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { type ExportFormat, type ExportPage, exportRows } from '../../src/dashboard/export.ts'
import { hostileClient, playScene, sceneOptions } from './scene.ts'
import { startDashboard } from './support.ts'

const timeout = 60_000

/** A list in pages of these rows; what was asked for, and the file that came of it. */
async function exported(format: ExportFormat, ...pages: (readonly object[])[]) {
  const asked: unknown[] = []
  const progress: number[] = []
  const load = async (query: { limit: number; cursor?: string }): Promise<ExportPage<object>> => {
    asked.push(query)
    const index = Number(query.cursor ?? 0)
    const isLast = index === pages.length - 1
    return { data: pages[index] ?? [], meta: { cursor: isLast ? null : String(index + 1) } }
  }
  const asking = { signal: new AbortController().signal, progress: (rows: number) => void progress.push(rows) }
  const file = await exportRows(format, load, asking)
  // `text` takes the mark away, as whoever reads the file does.
  const text = Buffer.from(await file.arrayBuffer()).toString()
  return { asked, progress, type: file.type, text }
}

test('every page is asked for, and the file has every row once, in order', async () => {
  const pages = [[{ id: 1 }, { id: 2 }], [], [{ id: 3 }]]
  const csv = await exported('csv', ...pages)
  assert.deepEqual(csv.asked, [{ limit: 10_000 }, { limit: 10_000, cursor: '1' }, { limit: 10_000, cursor: '2' }])
  assert.deepEqual(csv.progress, [2, 2, 3])
  assert.deepEqual([csv.type, csv.text], ['text/csv;charset=utf-8', '\uFEFF"id"\r\n1\r\n2\r\n3\r\n'])
  const json = await exported('json', [], ...pages)
  assert.deepEqual([json.type, JSON.parse(json.text)], ['application/json', [{ id: 1 }, { id: 2 }, { id: 3 }]])
  assert.deepEqual(JSON.parse((await exported('json', [])).text), [])
})

test('no cell begins as a formula does, numbers are numbers, and quotation marks and line ends stay in their cell', async () => {
  const cellOf = async (value: unknown): Promise<string> => (await exported('csv', [{ value }])).text.slice(10, -2)
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '\t1', '\r1', '\n1', '＝1', '＋1', '－1', '＠1']) {
    assert.equal(await cellOf(text), `"'${text}"`)
  }
  for (const [value, cell] of [
    [-1, '-1'],
    [true, 'true'],
    [null, ''],
    [undefined, ''],
    ['', '""'],
    ['a,"b"\r\n=c', '"a,""b""\r\n=c"'],
    ['1=1', '"1=1"'],
    [['=1', 2], '"[""=1"",2]"'],
    ['한', '"한"'],
  ] as const) {
    assert.equal(await cellOf(value), cell)
  }
})

test('columns are those of the first rows, and a row with another one is no file that lacks it', async () => {
  assert.equal((await exported('csv', [{ a: 1 }, { b: 2 }])).text, '\uFEFF"a","b"\r\n1,\r\n,2\r\n')
  await assert.rejects(exported('csv', [{ a: 1 }], [{ a: 1, c: 3 }]), /a row has c, which the first rows had not/)
  assert.match((await exported('json', [{ a: 1 }], [{ a: 1, c: 3 }])).text, /"c":3/)
})

test('an export that is given up ends, and so does one that cannot be asked for', async () => {
  const abort = new AbortController()
  const load = async (): Promise<ExportPage<object>> => {
    abort.abort(new Error('enough'))
    return { data: [{}], meta: { cursor: 'more' } }
  }
  await assert.rejects(exportRows('csv', load, { signal: abort.signal, progress: () => {} }), /enough/)
  const fails = (): Promise<never> => Promise.reject(new Error('no answer'))
  const signal = new AbortController().signal
  await assert.rejects(exportRows('json', fails, { signal, progress: () => {} }), /no answer/)
})

async function download(page: Page, name: string): Promise<{ name: string; text: string }> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name, exact: true }).click(),
  ])
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') }
}

test('XSS: all clients are downloaded, narrowed as the list is, and one called like a formula is text in the file', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const formula = '=HYPERLINK("http://example.com")'
  await dashboard.api.at.client(5, { clientIdentifier: formula })
  const { page, faults } = await dashboard.show('clients')
  await page.getByRole('link', { name: formula, exact: true }).waitFor()
  const csv = await download(page, 'Download CSV')
  assert.match(csv.name, /^pabal-clients-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.csv$/)
  assert.ok(csv.text.includes(`"'${formula.replaceAll('"', '""')}"`), csv.text)
  assert.ok(csv.text.includes(`"${hostileClient.replaceAll('"', '""')}"`))
  const json = await download(page, 'Download JSON')
  const { body } = await dashboard.api.get('/clients')
  const names = (rows: { clientIdentifier: string }[]): string[] => rows.map((row) => row.clientIdentifier)
  assert.deepEqual(names(JSON.parse(json.text)), names(body.data))
  assert.equal(csv.text.trimEnd().split('\r\n').length, body.data.length + 1)
  await page.getByLabel('Part of a Client Identifier').fill('kitch')
  await page.getByText('1 shown').waitFor()
  assert.deepEqual(names(JSON.parse((await download(page, 'Download JSON')).text)), ['kitchen'])
  assert.deepEqual(faults, [])
})

test('a download that the broker refuses says why, and one that is under way can be given up', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard()
  await dashboard.api.at.client(5, { clientIdentifier: 'a' })
  const { page } = await dashboard.show('clients')
  await page.getByRole('link', { name: 'a', exact: true }).waitFor()
  let answer: 'refused' | 'never' = 'refused'
  await page.route('**/api/v1/clients?limit=10000*', (route) => {
    const detail = { type: 'about:blank', title: 'Too Many Requests', status: 429, detail: 'later, please' }
    if (answer === 'refused') void route.fulfill({ status: 429, contentType: 'application/problem+json', json: detail })
  })
  await page.getByRole('button', { name: 'Download CSV', exact: true }).click()
  await page.getByRole('alert').getByText('later, please').waitFor()
  answer = 'never'
  await page.getByRole('button', { name: 'Download CSV', exact: true }).click()
  await page.getByText('Downloading: 0 rows…').waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await page.getByRole('button', { name: 'Download CSV', exact: true }).waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
})
