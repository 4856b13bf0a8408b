/**
 * Reads the statements, the chapters' tests, mutations and exemptions, and renders them as one table.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { Exemptions, Mutation } from './chapter.ts'

const here = new URL('.', import.meta.url)

export interface Statement {
  /** `MQTT-…` for 5.0, `MQTT3-…` for 3.1.1. */
  readonly id: string
  readonly binds: string
  readonly text: string
}

export interface Chapter {
  readonly name: string
  readonly testNames: readonly string[]
  readonly mutations: readonly Mutation[]
  readonly exemptions: Exemptions
}

export function readStatements(): Statement[] {
  return [...readTable('statements-v3.1.1.tsv', 'MQTT3-'), ...readTable('statements-v5.tsv', 'MQTT-')]
}

function readTable(file: string, prefix: string): Statement[] {
  const lines = readFileSync(new URL(file, here), 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [id = '', binds = '', text = ''] = line.split('\t')
    return { id: id.replace('MQTT-', prefix), binds, text }
  })
}

export async function readChapters(): Promise<Chapter[]> {
  const names = readdirSync(here)
    .filter((file) => file.endsWith('.mutations.ts'))
    .map((file) => file.replace('.mutations.ts', ''))
  return Promise.all(
    names.sort().map(async (name) => {
      const { mutations, exemptions } = await import(new URL(`${name}.mutations.ts`, here).href)
      const source = readFileSync(new URL(`${name}.test.ts`, here), 'utf8')
      const testNames = [...source.matchAll(/^test\(\s*(['"`])((?:(?!\1).)+)\1/gm)].map((match) => match[2] ?? '')
      return { name, testNames, mutations, exemptions }
    }),
  )
}

/** The ids a test's name begins with. */
export function idsOf(testName: string): string[] {
  return [...testName.matchAll(/\[(MQTT3?-[\d.]+-\d+)\]/g)].map((match) => match[1] ?? '')
}

/** `docs/conformance.md`. */
export async function renderConformance(): Promise<string> {
  const chapters = await readChapters()
  const lines = [
    '# Conformance',
    '',
    'Made by `npm run conformance`; a test fails if it is out of date. Every normative statement of MQTT 3.1.1 (`MQTT3-`) and',
    '5.0 (`MQTT-`), the tests named with its id, and the mutations of the code that make one of them fail; or why there is',
    'nothing to test. Tests and mutations are in `test/conformance/`.',
    '',
    '| statement | binds | what it demands | proof |',
    '|---|---|---|---|',
  ]
  for (const { id, binds, text } of readStatements()) {
    lines.push(`| ${id} | ${binds} | ${cell(text)} | ${cell(proof(id, chapters))} |`)
  }
  return `${lines.join('\n')}\n`
}

function proof(id: string, chapters: readonly Chapter[]): string {
  for (const { exemptions } of chapters) if (exemptions[id] !== undefined) return `exempt: ${exemptions[id]}`
  return chapters
    .flatMap(({ name, testNames, mutations }) => {
      const tests = testNames.filter((testName) => idsOf(testName).includes(id))
      if (tests.length === 0) return []
      const named = tests.map((testName) => testName.replaceAll(/\[MQTT[^\]]*\] ?/g, ''))
      const broken = mutations.filter(({ breaks }) => breaks.includes(id)).map((mutation) => mutation.name)
      return [`${name}: ${named.join('; ')}. Fails if ${broken.join('; ')}`]
    })
    .join('. ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
