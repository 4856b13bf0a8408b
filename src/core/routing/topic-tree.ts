/**
 * Topic Filters to values, asked with a Topic Name: which filters match it? MQTT 5.0 section 4.7. @hot
 *
 * Filters without a wildcard are in one Map, found in one step; only filters with a wildcard are in a tree of levels.
 * Invariant: every node but the root leads to a value, so that what was deleted costs nothing.
 */
import assert from 'node:assert/strict'
import { addChild, type Branch, childAt, hasChildren, removeChild } from './topic-tree-branch.ts'

const dollar = 0x24
/** A wider search than this gives its working arrays back instead of keeping them. */
const keptFrontier = 1024

class Node<T> implements Branch<Node<T>> {
  onlyLevel = ''
  onlyChild: Node<T> | null = null
  children: Map<string, Node<T>> | null = null
  /** What follows after `+`. */
  plusChild: Node<T> | null = null
  /** Of the filter that ends here. */
  value: T | undefined = undefined
  /** Of the filter that ends in `#` behind here. */
  hashValue: T | undefined = undefined
}

export class TopicTree<T> {
  readonly #exact = new Map<string, T>()
  readonly #root = new Node<T>()
  #wildcardCount = 0
  // Nodes that match the name up to the current level, and up to the next: kept between calls, they are made once.
  #frontier: (Node<T> | null)[] = []
  #nextFrontier: (Node<T> | null)[] = []

  /** Filters in the tree. */
  get size(): number {
    return this.#exact.size + this.#wildcardCount
  }

  get(filter: string): T | undefined {
    if (!hasWildcard(filter)) return this.#exact.get(filter)
    let node: Node<T> | null = this.#root
    for (const level of filter.split('/')) {
      if (level === '#') return node.hashValue
      node = level === '+' ? node.plusChild : childAt(node, level)
      if (node === null) return undefined
    }
    return node.value
  }

  /** Adds or replaces. `filter` is valid and without `$share/name/`; `value` is not undefined. */
  set(filter: string, value: T): void {
    assert(value !== undefined, 'undefined stands for a filter that is not there')
    if (!hasWildcard(filter)) {
      this.#exact.set(filter, value)
      return
    }
    let node = this.#root
    for (const level of filter.split('/')) {
      if (level === '#') {
        if (node.hashValue === undefined) this.#wildcardCount += 1
        node.hashValue = value
        return
      }
      node = enter(node, level)
    }
    if (node.value === undefined) this.#wildcardCount += 1
    node.value = value
  }

  /** Returns whether the filter was there. */
  delete(filter: string): boolean {
    if (!hasWildcard(filter)) return this.#exact.delete(filter)
    const levels = filter.split('/')
    const endsInHash = levels.at(-1) === '#'
    if (endsInHash) levels.pop()
    const path = [this.#root]
    let node = this.#root
    for (const level of levels) {
      const child: Node<T> | null = level === '+' ? node.plusChild : childAt(node, level)
      if (child === null) return false
      path.push(child)
      node = child
    }
    if ((endsInHash ? node.hashValue : node.value) === undefined) return false
    if (endsInHash) node.hashValue = undefined
    else node.value = undefined
    this.#wildcardCount -= 1
    prune(path, levels)
    return true
  }

  /** Pushes the value of every filter that matches `topicName` onto `found`, in no particular order. */
  match(topicName: string, found: T[]): void {
    const exact = this.#exact.get(topicName)
    if (exact !== undefined) found.push(exact)
    if (this.#wildcardCount > 0) this.#matchWildcards(topicName, found)
  }

  /** The value of every filter, one step at a time; null for a step without one. The tree may change meanwhile. */
  *values(): Generator<T | null, void> {
    yield* this.#exact.values()
    yield* valuesBelow(this.#root)
  }

  #matchWildcards(topicName: string, found: T[]): void {
    let frontier = this.#frontier
    let next = this.#nextFrontier
    // [MQTT-4.7.2-1]: at the first level of a name that begins with `$` wildcards do not count.
    let wildcardsCount = topicName.charCodeAt(0) !== dollar
    let levelStart = 0
    frontier[0] = this.#root
    let width = 1
    while (width > 0 && levelStart <= topicName.length) {
      const slashAt = topicName.indexOf('/', levelStart)
      const levelEnd = slashAt < 0 ? topicName.length : slashAt
      // One node with named children is enough to need it, and often there is none.
      let level: string | null = null
      let nextWidth = 0
      for (let index = 0; index < width; index += 1) {
        const node = frontier[index]
        if (node === null || node === undefined) continue
        if (wildcardsCount) {
          if (node.hashValue !== undefined) found.push(node.hashValue)
          if (node.plusChild !== null) next[nextWidth++] = node.plusChild
        }
        if (node.children !== null) {
          level ??= topicName.slice(levelStart, levelEnd)
          const child = node.children.get(level)
          if (child !== undefined) next[nextWidth++] = child
        } else if (node.onlyChild !== null && levelIs(node.onlyLevel, topicName, levelStart, levelEnd)) {
          next[nextWidth++] = node.onlyChild
        }
      }
      const spent: (Node<T> | null)[] = frontier
      frontier = next
      next = spent
      width = nextWidth
      wildcardsCount = true
      levelStart = levelEnd + 1
    }
    for (let index = 0; index < width; index += 1) {
      const node = frontier[index]
      if (node === null || node === undefined) continue
      if (node.value !== undefined) found.push(node.value)
      // `a/#` matches `a` as well.
      if (node.hashValue !== undefined) found.push(node.hashValue)
    }
    if (frontier.length > keptFrontier || next.length > keptFrontier) {
      this.#frontier = []
      this.#nextFrontier = []
    }
  }
}

/** Many levels below each other are a path, not a depth of calls. */
function* valuesBelow<T>(root: Node<T>): Generator<T | null, void> {
  const path = [childrenOf(root)]
  yield root.hashValue ?? null
  for (let children = path.at(-1); children !== undefined; children = path.at(-1)) {
    const { done, value: node } = children.next()
    if (done === true) {
      path.pop()
      continue
    }
    yield node.value ?? null
    if (node.hashValue !== undefined) yield node.hashValue
    path.push(childrenOf(node))
  }
}

function* childrenOf<T>(node: Node<T>): Generator<Node<T>, void> {
  if (node.plusChild !== null) yield node.plusChild
  if (node.onlyChild !== null) yield node.onlyChild
  else if (node.children !== null) yield* node.children.values()
}

/** Whether `topicName` holds `level` from `start` to `end`: without making a string to compare with. */
function levelIs(level: string, topicName: string, start: number, end: number): boolean {
  return level.length === end - start && topicName.startsWith(level, start)
}

/** In a valid filter a wildcard character is always a wildcard. */
function hasWildcard(filter: string): boolean {
  return filter.endsWith('#') || filter.includes('+')
}

function enter<T>(node: Node<T>, level: string): Node<T> {
  if (level === '+') {
    node.plusChild ??= new Node<T>()
    return node.plusChild
  }
  const known = childAt(node, level)
  if (known !== null) return known
  const child = new Node<T>()
  addChild(node, level, child)
  return child
}

/** Takes out the nodes at the end of `path` that lead nowhere; `levels[i]` leads from `path[i]` to `path[i + 1]`. */
function prune<T>(path: Node<T>[], levels: string[]): void {
  for (let depth = levels.length; depth > 0; depth -= 1) {
    const node = path[depth]
    const parent = path[depth - 1]
    const level = levels[depth - 1]
    assert(node !== undefined && parent !== undefined && level !== undefined, 'a path has a node for each level')
    if (node.value !== undefined || node.hashValue !== undefined) return
    if (node.plusChild !== null || hasChildren(node)) return
    if (level === '+') parent.plusChild = null
    else removeChild(parent, level)
  }
}
