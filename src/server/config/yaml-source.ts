/**
 * A YAML 1.2 text as plain values that still know where they stand: line and column of every key and value.
 */
import type { Document, LineCounter, Node } from 'yaml'
import { ConfigError, type ConfigFault } from './config-fault.ts'
import type { KeyPath } from './key-path.ts'
import type { ConfigSource, Place } from './layers.ts'
import { yaml } from './yaml-package.ts'

/** The deepest key there is has six. */
const depthMax = 50

export class YamlSource implements ConfigSource {
  /** The document as plain values; null if it holds nothing but comments. */
  readonly value: unknown
  private readonly document: Document.Parsed
  private readonly lines: LineCounter

  /** @throws ConfigError with every fault of syntax: `file` is what they name. */
  constructor(text: string, file: string) {
    this.lines = new (yaml().LineCounter)()
    this.document = this.parse(text, file)
    const problems = [...this.document.errors, ...this.document.warnings]
    if (problems.length > 0) {
      throw new ConfigError(problems.map((problem) => this.syntaxFault(file, problem)))
    }
    try {
      this.value = this.document.toJS()
      if (heightOf(this.value, new Map()) > depthMax) throw new Error('An alias stands within what it stands for')
    } catch (error) {
      // An alias without its anchor, or aliases that multiply or nest without end.
      const message = error instanceof Error ? error.message : String(error)
      throw new ConfigError([this.syntaxFault(file, { code: 'BAD_ALIAS', message, pos: this.badAlias() })])
    }
  }

  /** The parser calls itself for each level; so does everybody who reads what it has made. @throws ConfigError if there are too many. */
  private parse(text: string, file: string): Document.Parsed {
    try {
      // A list as a key becomes the name of a key that nobody knows: the parser need not say so as well.
      const document = yaml().parseDocument(text, { lineCounter: this.lines, prettyErrors: false, logLevel: 'error' })
      const deep = firstDeepNode(document)
      if (deep === null) return document
      throw new ConfigError([this.depthFault(file, deep.range?.[0] ?? 0)])
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new ConfigError([this.depthFault(file, 0)])
    }
  }

  private depthFault(file: string, offset: number): ConfigFault {
    const found = `more than ${depthMax} levels within each other`
    return {
      file,
      ...this.placeAt(offset),
      key: '',
      found,
      expected: 'YAML 1.2 with few levels',
      advice: 'see whether a bracket is not closed, or this is another file',
    }
  }

  /** Where the value at `path` begins; the nearest value around it if there is none. */
  placeOfValue(path: KeyPath): Place {
    let node: unknown = this.document.contents
    for (const step of path) {
      const next = childOf(this.resolve(node), step)
      if (!yaml().isNode(next)) break
      node = next
    }
    return this.placeOf(node)
  }

  /** Where the key `key` of the mapping at `path` stands. */
  placeOfKey(path: KeyPath, key: string): Place {
    let node: unknown = this.document.contents
    for (const step of path) node = childOf(this.resolve(node), step)
    const map = this.resolve(node)
    const { isMap, isScalar } = yaml()
    const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key) : undefined
    return pair === undefined ? this.placeOfValue(path) : this.placeOf(pair.key)
  }

  /** Where the first alias without an anchor stands; if all have one, the first of all. */
  private badAlias(): [number, number] {
    const { visit } = yaml()
    let offset = 0
    visit(this.document, {
      Alias: (_key, alias) => {
        if (offset === 0) offset = alias.range?.[0] ?? 0
        if (alias.resolve(this.document) !== undefined) return undefined
        offset = alias.range?.[0] ?? 0
        return visit.BREAK
      },
    })
    return [offset, offset]
  }

  private resolve(node: unknown): unknown {
    return yaml().isAlias(node) ? node.resolve(this.document) : node
  }

  private placeOf(node: unknown): Place {
    const offset = yaml().isNode(node) ? node.range?.[0] : undefined
    return this.placeAt(offset ?? 0)
  }

  private placeAt(offset: number): Place {
    const { line, col } = this.lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }

  private syntaxFault(file: string, problem: { code: string; message: string; pos: [number, number] }): ConfigFault {
    return {
      file,
      ...this.placeAt(problem.pos[0]),
      key: '',
      found: problem.message.split('\n')[0] ?? problem.code,
      expected: 'YAML 1.2',
      advice: adviceByCode[problem.code] ?? 'check the line above as well: the fault may begin there',
    }
  }
}

/** How many levels a value has; endless for what contains itself, as an alias can make it. */
function heightOf(value: unknown, known: Map<object, number>): number {
  if (typeof value !== 'object' || value === null) return 0
  const height = known.get(value)
  if (height !== undefined) return height
  known.set(value, Number.POSITIVE_INFINITY)
  const highest = Object.values(value).reduce((most: number, child) => Math.max(most, heightOf(child, known)), 0)
  known.set(value, highest + 1)
  return highest + 1
}

/** Null if no node lies deeper than the stack can bear, whoever walks through them. */
function firstDeepNode(document: Document.Parsed): Node | null {
  const { isNode, visit } = yaml()
  let deep: Node | null = null
  visit(document, {
    Node: (_key, node, path) => {
      // Pairs lie between them, and the document around them.
      if (path.length <= depthMax || path.filter(isNode).length <= depthMax) return undefined
      deep = node
      return visit.BREAK
    },
  })
  return deep
}

const adviceByCode: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'keep one of the two',
  TAB_AS_INDENT: 'indent with spaces',
  MULTIPLE_DOCS: 'keep one document: remove the line `---` between them',
}

function childOf(node: unknown, step: string | number): unknown {
  const { isMap, isScalar, isSeq } = yaml()
  if (isSeq(node)) return typeof step === 'number' ? node.items[step] : undefined
  if (!isMap(node)) return undefined
  return node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))?.value
}
