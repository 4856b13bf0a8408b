/**
 * The programs in docs/operating/embedding.md: each runs as it stands there, says nothing of a fault, and ends by itself.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const page = readFileSync(new URL('../../docs/operating/embedding.md', import.meta.url), 'utf8')
/** From here, instead of from an installed package. */
function sourceOf(specifier: string): string {
  const file = specifier === 'pabal' ? 'index.ts' : `${specifier.slice('pabal/'.length)}/index.ts`
  return new URL(`../../src/${file}`, import.meta.url).href
}

for (const part of page.split(/^## /m)) {
  const [title = ''] = part.split('\n')
  for (const [, program = ''] of part.matchAll(/^```ts\n(.*?)^```$/gms)) {
    test(`a program of the documentation runs: ${title}`, () => {
      const source = program.replace(/'(pabal(?:\/\w+)?)'/g, (_, specifier) => `'${sourceOf(specifier)}'`)
      const args = ['--input-type=module-typescript', '--eval', source]
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 })
      assert.deepEqual([status, stderr], [0, ''])
    })
  }
}

test('there are such programs', () => {
  assert.equal([...page.matchAll(/^```ts$/gm)].length, 7)
})
