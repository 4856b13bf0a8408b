/**
 * Who may import whom, and the rules of style that a machine can check. Change a table here in a commit of its own that
 * says why.
 *
 * A file's rule is the row with the longest prefix of its path. Types count for the rows, not for cycles: they are erased.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Row {
  /** Files and folders of ours besides its own. */
  readonly ours: readonly string[]
  /** npm packages. */
  readonly packages: readonly string[]
  /** Modules of Node, or `any`. */
  readonly node: readonly string[] | 'any'
}

const importTable: Readonly<Record<string, Row>> = {
  'src/protocol': { ours: [], packages: [], node: [] },
  'src/core': { ours: ['src/protocol'], packages: [], node: ['assert', 'assert/strict'] },
  'src/store': {
    ours: [
      'src/protocol',
      'src/core/record.ts',
      'src/core/message.ts',
      'src/core/access/access-policy.ts',
      'src/core/rest',
    ],
    packages: [],
    node: 'any',
  },
  'src/cluster': { ours: ['src/store'], packages: [], node: 'any' },
  'src/cluster/nats': { ours: ['src/cluster', 'src/store'], packages: ['@nats-io'], node: 'any' },
  'src/transport': { ours: [], packages: ['ws'], node: 'any' },
  'src/metrics': { ours: ['src/core'], packages: ['prom-client'], node: ['perf_hooks'] },
  'src/server': {
    ours: ['src/protocol', 'src/core', 'src/store', 'src/cluster', 'src/transport', 'src/metrics'],
    packages: ['@mongodb-js/saslprep', 'jose', 'pino', 'yaml', 'zod'],
    node: 'any',
  },
  // An optional peer: nothing else may need it.
  'src/server/tracing': {
    ours: ['src/server', 'src/protocol', 'src/core', 'src/metrics'],
    packages: ['@opentelemetry/api'],
    node: 'any',
  },
  'src/admin': {
    ours: ['src/server', 'src/metrics', 'src/core', 'src/protocol', 'src/store', 'src/transport'],
    packages: ['@hono/node-server', 'hono', 'zod'],
    node: 'any',
  },
  // Types only, which are erased.
  'src/admin/api-types.ts': { ours: ['src/admin/schemas'], packages: ['zod'], node: [] },
  'src/admin/schemas': { ours: [], packages: ['zod'], node: [] },
  // Runs in browsers, too, and in programs that want nothing else of ours.
  'src/client': { ours: ['src/admin/api-types.ts'], packages: [], node: [] },
  'src/dashboard': {
    ours: ['src/admin/api-types.ts', 'src/client'],
    packages: ['preact', '@preact/signals', 'uplot'],
    node: [],
  },
  'src/cli': {
    ours: ['src/index.ts', 'src/server', 'src/transport', 'src/protocol', 'src/core/limits.ts', 'src/admin'],
    packages: ['commander', 'ws'],
    node: 'any',
  },
  'src/index.ts': { ours: ['src/server', 'src/core', 'src/protocol', 'src/admin'], packages: [], node: [] },
}

/** Unit tests, and the suites that every adapter of a port passes. */
const testPath = /(?:\.test|-contract)\.ts$/

/** What a test may import beyond the row of the file beside it. */
const testRow: Row = { ours: ['test/'], packages: ['fast-check', 'mqtt', 'playwright-core'], node: 'any' }

/** The pure rings decide from their inputs alone: no clock, timer, chance, promise, process or log. */
const pureFolders = ['src/protocol/', 'src/core/']
const impure =
  /\b(?:Date|setTimeout|setInterval|setImmediate|queueMicrotask|process|performance|console|crypto|fetch|Promise|async|await)\b|\bMath\.random\b|\bglobalThis\b/g

const linesMax = 400
const functionLinesMax = 60

/** What must stand in no file, written so that this one does not contain it either. */
const forbiddenText: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a path of one machine', new RegExp(`(?<![\\w.*-])/${'work'}/|/tmp/${'bash'}_jobs`)],
  ['the host of a package registry', new RegExp(`\\b${'registry'}\\.[a-z0-9-]+\\.[a-z]{2,}|"${'resolved'}": "http`)],
]

/** What hides text from the scans, and the braces that tell where code inside a template ends. */
const token = new RegExp(
  [
    String.raw`\/\/.*`,
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    // A regular expression stands where a value may begin; elsewhere a slash divides.
    String.raw`(?<=(?:[(,=:[!&|?{;+<>~]|\breturn|\btypeof|^)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*`,
    '[`{}]',
  ].join('|'),
  'gm',
)

/** The text of a template up to its end or to the next `${`. */
const templateText = /^(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/

const root = fileURLToPath(new URL('..', import.meta.url))
const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
  .toString()
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)))
const sources = new Map(
  paths
    .filter((path) => /^(?:src|test|examples|bench|scripts)\/.*\.(?:tsx?|mjs)$/.test(path))
    .map((path) => [path, readSource(path)]),
)
const ownSources = [...sources].filter(([path]) => path.startsWith('src/'))
const shipped = ownSources.filter(([path]) => !testPath.test(path))

test('every folder imports only what its row allows', () => {
  const faults = ownSources.flatMap(([path, source]) =>
    source.imports.filter((found) => !mayImport(path, found.specifier)).map((found) => `${path}: ${found.specifier}`),
  )
  assert.deepEqual(faults, [], 'imports against the table')
})

test('every source file belongs to a row of the table', () => {
  assert.deepEqual(
    shipped.map(([path]) => path).filter((path) => rowPrefix(path) === undefined),
    [],
  )
})

test('no file imports itself, directly or through others', () => {
  assert.deepEqual(findCycles(), [])
})

test('the protocol and the core use no clock, timer, chance, promise, process or log', () => {
  const faults = shipped
    .filter(([path]) => pureFolders.some((folder) => path.startsWith(folder)))
    .flatMap(([path, source]) => [...source.code.matchAll(impure)].map((found) => `${path}: ${found[0]}`))
  assert.deepEqual(faults, [])
})

test('no private getter stands where messages pass: each use is a call of V8, ten times what a method costs', () => {
  const faults = shipped
    .filter(([path, source]) => source.text.includes('@hot') || pureFolders.some((folder) => path.startsWith(folder)))
    .flatMap(([path, source]) => [...source.code.matchAll(/\bget #\w+/g)].map((found) => `${path}: ${found[0]}`))
  assert.deepEqual(faults, [])
})

test('every file but a unit test opens with a comment that says what it is', () => {
  const faults = [...sources]
    .filter(([path]) => !(path.startsWith('src/') && path.endsWith('.test.ts')))
    .filter(([, source]) => !/^(?:#!.*\n)?\/\*\*/.test(source.text))
    .map(([path]) => path)
  assert.deepEqual(faults, [])
})

test(`no file is longer than ${linesMax} lines`, () => {
  const faults = [...sources]
    .map(([path, source]) => ({ path, lines: source.text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > linesMax)
  assert.deepEqual(faults, [])
})

test(`no function is longer than ${functionLinesMax} lines`, () => {
  const faults = shipped.flatMap(([path, source]) =>
    functionLengths(source.code)
      .filter(({ lines }) => lines > functionLinesMax)
      .map(({ lines, firstLine }) => `${path}:${firstLine} has ${lines}`),
  )
  assert.deepEqual(faults, [])
})

test('no file names a path of one machine or the host of a package registry', () => {
  const faults = paths
    .filter((path) => !/\.(?:png|ico|bin|gz|woff2)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .flatMap(({ path, text }) => forbiddenText.filter(([, it]) => it.test(text)).map(([what]) => `${path}: ${what}`))
  assert.deepEqual(faults, [])
})

test('the scan of imports sees statements and not comments, strings or types in calls', () => {
  const text = [
    `import a, { type B } from './one.ts'`,
    `import type { C } from './two.ts' // from './not-a.ts'`,
    `export {`,
    `  D,`,
    `} from './three.ts'`,
    `import './four.ts'`,
    `const e = await import('./five.ts')`,
    `const f = "import './not-b.ts'" + /'/.source + \`from './not-c.ts' \${await import('./six.ts')}\``,
    `Array.from('not-d')`,
  ].join('\n')
  assert.deepEqual(
    findImports(text, maskText(text)).map((found) => found.specifier),
    ['./one.ts', './two.ts', './three.ts', './four.ts', './five.ts', './six.ts'],
  )
  assert.equal(findImports(text, maskText(text))[1]?.isType, true)
})

test('the measure of functions counts from the head to the closing brace', () => {
  const code = 'export function a(\n  b: number,\n): void {\n  c()\n}\nclass D {\n  e(): void {\n    f()\n  }\n}\n'
  assert.deepEqual(
    functionLengths(code).map(({ lines }) => lines),
    [5, 3],
  )
})

interface Import {
  readonly specifier: string
  /** `import type` and `export type`: erased before the code runs. */
  readonly isType: boolean
}

interface Source {
  readonly text: string
  /** The text with comments and the insides of strings blanked; every character keeps its place. */
  readonly code: string
  readonly imports: readonly Import[]
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const code = maskText(text)
  return { text, code, imports: findImports(text, code) }
}

function rowPrefix(path: string): string | undefined {
  return Object.keys(importTable)
    .filter((prefix) => isWithin(path, prefix))
    .sort((one, other) => other.length - one.length)[0]
}

function isWithin(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

function mayImport(path: string, specifier: string): boolean {
  const prefix = rowPrefix(path)
  const row = prefix === undefined ? undefined : importTable[prefix]
  if (prefix === undefined || row === undefined) return true
  const rows = testPath.test(path) ? [row, testRow] : [row]
  if (specifier.startsWith('.')) {
    const target = join(dirname(path), specifier)
    return isWithin(target, prefix) || rows.some(({ ours }) => ours.some((allowed) => isWithin(target, allowed)))
  }
  if (specifier.startsWith('node:')) {
    return rows.some(({ node }) => node === 'any' || node.includes(specifier.slice('node:'.length)))
  }
  return rows.some(({ packages }) => packages.some((allowed) => isWithin(specifier, allowed)))
}

/** Every cycle of imports that survive at run time, each as `a → b → a`. */
function findCycles(): string[] {
  const cycles: string[] = []
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || finished.has(path)) return
    for (const { specifier, isType } of sources.get(path)?.imports ?? []) {
      if (!isType && specifier.startsWith('.')) visit(relative('.', join(dirname(path), specifier)), [...trail, path])
    }
    finished.add(path)
  }
  for (const path of sources.keys()) visit(path, [])
  return cycles
}

function findImports(text: string, code: string): Import[] {
  const imports: Import[] = []
  for (const found of code.matchAll(/\b(?:from\s*|import\s*\(?\s*)(['"])/g)) {
    const start = found.index + found[0].length
    const end = code.indexOf(found[1] ?? '', start)
    const before = code.slice(0, found.index)
    const statement = before.slice(Math.max(before.lastIndexOf('import'), before.lastIndexOf('export'), 0))
    imports.push({ specifier: text.slice(start, end), isType: /^(?:import|export) type\b/.test(statement) })
  }
  return imports
}

/**
 * The number of lines of every function, method and named arrow function. Relies on the formatter: the closing brace
 * stands alone, as far in as the line the function began on.
 */
function functionLengths(code: string): { firstLine: number; lines: number }[] {
  const lines = code.split('\n')
  const head =
    /^( *)(?:(?:export |default |async )*function\b|(?:export )?const \w+ = (?:async )?\(|(?:\w+ )*[#\w]+(?:<.*>)?\()/
  return lines.flatMap((line, index) => {
    const indent = head.exec(line)?.[1]
    if (indent === undefined || /^ *(?:if|for|while|switch|return|await|throw|new|else)\b/.test(line)) return []
    let last = index
    if (!line.endsWith('{')) last = lines.findIndex((next, at) => at > index && endsHead(next, indent))
    if (!lines[last]?.endsWith('{')) return []
    const end = lines.findIndex(
      (next, at) => at > last && next.startsWith(indent) && next[indent.length] !== ' ' && next !== '',
    )
    return lines[end] === `${indent}}` ? [{ firstLine: index + 1, lines: end - index + 1 }] : []
  })
}

function endsHead(line: string, indent: string): boolean {
  return line.trim() !== '' && (line.length <= indent.length || line[indent.length] !== ' ' || !line.startsWith(indent))
}

/** Blanks comments, the insides of strings and regular expressions; code inside `${…}` stays. */
function maskText(text: string): string {
  /** One entry for each open brace: whether `${` of a template opened it. */
  const braces: boolean[] = []
  let code = ''
  let at = 0
  for (;;) {
    token.lastIndex = at
    const found = token.exec(text)
    if (found === null) return code + text.slice(at)
    const [whole] = found
    code += text.slice(at, found.index)
    at = found.index + whole.length
    if (whole === '{') braces.push(false)
    const templateGoesOn = whole === '}' && braces.pop() === true
    if (whole === '`' || templateGoesOn) {
      const rest = templateText.exec(text.slice(at))?.[0] ?? ''
      if (rest.endsWith('{')) braces.push(true)
      code += whole + blank(rest.slice(0, -1)) + rest.slice(-1)
      at += rest.length
    } else if (whole.length === 1) {
      code += whole
    } else if (whole.startsWith('/')) {
      code += blank(whole)
    } else {
      code += whole.slice(0, 1) + blank(whole.slice(1, -1)) + whole.slice(-1)
    }
  }
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}
