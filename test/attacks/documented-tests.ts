/**
 * Documents whose tables name tests by number, with the list of those tests at their end: `- [7] \`file\`: how its name begins`.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The name of a test, of a group of them, or what an attack is called by. */
const naming = /\b(?:test|describe)\(|^\s*(?:source|what): /

export interface TableRow {
  readonly cells: readonly string[]
  /** Names of its tests, as far as the document has them. */
  readonly tests: readonly string[]
}

/** Its rows, once it is certain that every one names tests, each of them once and in order, and that all of them are there. */
export function rowsWithTests(path: string): TableRow[] {
  const document = readFileSync(join(root, path), 'utf8')
  const tests = [...document.matchAll(/^- \[(\d+)\] `([^`]+)`: (.+)$/gm)]
  const missing = tests.filter(([, , file = '', name = '']) => !isThere(file, name))
  assert.deepEqual(
    missing.map(([line]) => line),
    [],
  )
  const lines = document.split('\n')
  // What stands above a rule is the heading of a table.
  const isRow = (line: string, index: number): boolean =>
    line.startsWith('| ') && lines[index + 1]?.startsWith('|---') !== true
  const rows = lines.filter(isRow).map((line): TableRow & { numbers: string[] } => {
    const cells = line.split('|').slice(1, -1)
    const numbers = [...(cells.at(-1) ?? '').matchAll(/\[(\d+)\]/g)].map(([, number = '']) => number)
    assert.ok(numbers.length > 0, line)
    return {
      cells: cells.map((cell) => cell.trim()),
      numbers,
      tests: numbers.map((each) => tests[Number(each) - 1]?.[3] ?? ''),
    }
  })
  assert.deepEqual(
    rows.flatMap(({ numbers }) => numbers),
    tests.map(([, number]) => number),
  )
  return rows
}

function isThere(file: string, name: string): boolean {
  if (!existsSync(join(root, file))) return false
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  return lines.some((line) => naming.test(line) && line.includes(name))
}
