/**
 * What a program can import says what it is: every name that an entry point of package.json exports has a docstring.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }

interface Exported {
  readonly name: string
  readonly file: URL
}

const declared = /^export (?:declare )?(?:async )?(?:abstract )?(?:class|function\*?|interface|type|const) (\w+)/gm

/** The names that an entry point hands on, with the files they are declared in. */
function exportsOf(entry: URL): Exported[] {
  const text = readFileSync(entry, 'utf8')
  const named = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)].flatMap(
    ([, names = '', path = '']) => {
      const written = names.split(',').map((name) => name.replace(/\btype\b|\/\/.*$/g, '').trim())
      return written.filter((name) => name !== '').map((name) => ({ name, file: new URL(path, entry) }))
    },
  )
  const whole = [...text.matchAll(/^export (?:type )?\* from '([^']+)'/gm)].flatMap(([, path = '']) => {
    const file = new URL(path, entry)
    return [...readFileSync(file, 'utf8').matchAll(declared)].map(([, name = '']) => ({ name, file }))
  })
  return [...named, ...whole]
}

function hasDocstring({ name, file }: Exported): boolean {
  const text = readFileSync(file, 'utf8')
  const [{ index } = { index: -1 }] = [...text.matchAll(declared)].filter(([, found]) => found === name)
  if (index < 0) {
    const [, from] = text.match(new RegExp(`\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`)) ?? []
    assert.ok(from !== undefined, `${name} is not declared in ${file.pathname}`)
    return hasDocstring({ name, file: new URL(from, file) })
  }
  const before = text.slice(0, index).trimEnd()
  // The comment at the head of a file is about the file.
  return before.endsWith('*/') && before.lastIndexOf('/**') > 0
}

const entries = Object.entries(packageJson.exports).flatMap(([name, target]) =>
  typeof target === 'string'
    ? []
    : [{ name, source: target.default.replace('./dist/', '../../src/').replace(/\.js$/, '.ts') }],
)

for (const { name, source } of entries) {
  test(`every export of pabal${name.slice(1)} says what it is`, () => {
    const exported = exportsOf(new URL(source, import.meta.url))
    assert.ok(exported.length > 5)
    assert.deepEqual(
      exported.filter((each) => !hasDocstring(each)).map((each) => each.name),
      [],
    )
  })
}
