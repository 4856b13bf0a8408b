/**
 * What belongs to Topic Filters, asked with a Topic Name: which filters match it? MQTT 5.0 section 4.7. @hot
 *
 * Filters without a wildcard are in one Map, found in one step; only filters with a wildcard are in a tree of levels. A filter
 * that is alone below a node stands there itself and is compared whole: no nodes are made for levels it shares with nobody.
 * Invariant: every node but the root leads to a value, so that what was deleted costs nothing.
 */
import assert from 'node:assert/strict'
import { topicFilterMatches } from './topic-filter.ts'
import { type Branch, childAt, hasChildren, putChild, removeChild } from './topic-tree-branch.ts'

/** What is in the tree: it knows its Topic Filter, which is valid, without `$share/name/`, and stays the same. */
export interface OfFilter {
  readonly filter: string
}

const dollar = 0x24
/** A wider search than this gives its working arrays back instead of keeping them. */
const keptFrontier = 1024

class Node<T> implements Branch<Node<T> | T> {
  onlyLevel = ''
  onlyChild: Node<T> | T | null = null
  children: Map<string, Node<T> | T> | null = null
  /** What follows after `+`. */
  plusChild: Node<T> | T | null = null
  /** Of the filter that ends here. */
  value: T | undefined = undefined
  /** Of the filter that ends in `#` behind here. */
  hashValue: T | undefined = undefined
}

export class TopicTree<T extends OfFilter> {
  readonly #exact = new Map<string, T>()
  readonly #root = new Node<T>()
  #wildcardCount = 0
  readonly #search = new TopicSearch<T>(this.#root, '', [])

  /** Filters in the tree. */
  get size(): number {
    return this.#exact.size + this.#wildcardCount
  }

  get(filter: string): T | undefined {
    if (!hasWildcard(filter)) return this.#exact.get(filter)
    let node = this.#root
    for (const level of filter.split('/')) {
      if (level === '#') return node.hashValue
      const child = childBehind(node, level)
      if (child === null) return undefined
      if (!(child instanceof Node)) return child.filter === filter ? child : undefined
      node = child
    }
    return node.value
  }

  /** Adds it, or puts it in the place of what was there for the same filter. */
  set(value: T): void {
    const { filter } = value
    if (!hasWildcard(filter)) {
      this.#exact.set(filter, value)
      return
    }
    const levels = filter.split('/')
    let node = this.#root
    let depth = 0
    let levelsOfOther: string[] | null = null
    for (; ; depth += 1) {
      const level = levels[depth]
      if (level === undefined || level === '#') break
      const child = childBehind(node, level)
      if (child instanceof Node) {
        node = child
        continue
      }
      if (child === null || child.filter === filter) break
      // Both go on from here, and part at the next level or later.
      levelsOfOther ??= child.filter.split('/')
      const parting = new Node<T>()
      putValue(parting, levelsOfOther[depth + 1], child)
      putBehind(node, level, parting)
      node = parting
    }
    if (putValue(node, levels[depth], value)) this.#wildcardCount += 1
  }

  /** Returns whether the filter was there. */
  delete(filter: string): boolean {
    if (!hasWildcard(filter)) return this.#exact.delete(filter)
    const levels = filter.split('/')
    const path = [this.#root]
    let node = this.#root
    let depth = 0
    for (; depth < levels.length; depth += 1) {
      const level = levels[depth]
      if (level === undefined || level === '#') break
      const child = childBehind(node, level)
      if (!(child instanceof Node)) {
        if (child?.filter !== filter) return false
        break
      }
      path.push(child)
      node = child
    }
    if (!takeValue(node, levels[depth])) return false
    this.#wildcardCount -= 1
    prune(path, levels)
    return true
  }

  /**
   * Pushes the value of every filter that matches `topicName` onto `found`, in no particular order. False if that takes more than
   * `nodesMax` nodes, which are looked at then: `found` has some of them.
   */
  match(topicName: string, found: T[], nodesMax = Number.POSITIVE_INFINITY): boolean {
    const exact = this.#exact.get(topicName)
    if (exact !== undefined) found.push(exact)
    if (this.#wildcardCount === 0) return true
    this.#search.begin(this.#root, topicName, found)
    return this.#search.goOn(nodesMax)
  }

  /** The value of every filter, one step at a time; null for a step without one. The tree may change meanwhile. */
  *values(): Generator<T | null, void> {
    yield* this.#exact.values()
    yield* valuesBelow(this.#root)
  }

  /** Begins a search that is gone on with in slices. It is right only if the tree does not change until it is done. */
  search(topicName: string): TopicSearch<T> {
    const exact = this.#exact.get(topicName)
    return new TopicSearch(this.#root, topicName, exact === undefined ? [] : [exact])
  }
}

/** What matches a Topic Name, level by level. Made once where searches follow each other: then nothing is allocated for one. */
class TopicSearch<T extends OfFilter> {
  found: T[]
  #topicName = ''
  // Nodes that match the name up to the current level, and up to the next.
  #frontier: (Node<T> | null)[] = []
  #next: (Node<T> | null)[] = []
  #width = 0
  #nextWidth = 0
  /** The node of the current level that is looked at next. */
  #at = 0
  #levelStart = 0

  constructor(root: Node<T>, topicName: string, found: T[]) {
    this.found = found
    this.begin(root, topicName, found)
  }

  begin(root: Node<T>, topicName: string, found: T[]): void {
    this.#topicName = topicName
    this.found = found
    this.#frontier[0] = root
    this.#width = 1
    this.#nextWidth = 0
    this.#at = 0
    this.#levelStart = 0
  }

  /** Looks at `count` nodes more; true once all that matches has been found. */
  goOn(count: number): boolean {
    const topicName = this.#topicName
    const { found } = this
    let left = count
    while (this.#width > 0 && this.#levelStart <= topicName.length) {
      const levelStart = this.#levelStart
      const slashAt = topicName.indexOf('/', levelStart)
      const levelEnd = slashAt < 0 ? topicName.length : slashAt
      const width = this.#width
      const end = Math.min(width, this.#at + left)
      left -= end - this.#at
      const frontier = this.#frontier
      const next = this.#next
      let nextWidth = this.#nextWidth
      // [MQTT-4.7.2-1]: at the first level of a name that begins with `$` wildcards do not count.
      const wildcardsCount = levelStart > 0 || topicName.charCodeAt(0) !== dollar
      // One node with named children is enough to need it, and often there is none.
      let level: string | null = null
      for (let index = this.#at; index < end; index += 1) {
        const node = frontier[index]
        if (node === null || node === undefined) continue
        if (wildcardsCount) {
          if (node.hashValue !== undefined) found.push(node.hashValue)
          const inner = entered(node.plusChild, topicName, found)
          if (inner !== null) next[nextWidth++] = inner
        }
        if (node.children !== null) {
          level ??= topicName.slice(levelStart, levelEnd)
          const inner = entered(node.children.get(level) ?? null, topicName, found)
          if (inner !== null) next[nextWidth++] = inner
        } else if (node.onlyChild !== null && levelIs(node.onlyLevel, topicName, levelStart, levelEnd)) {
          const inner = entered(node.onlyChild, topicName, found)
          if (inner !== null) next[nextWidth++] = inner
        }
      }
      this.#at = end
      this.#nextWidth = nextWidth
      if (end < width) return false
      this.#frontier = next
      this.#next = frontier
      this.#width = nextWidth
      this.#nextWidth = 0
      this.#at = 0
      this.#levelStart = levelEnd + 1
    }
    return this.#atTheEnd(left)
  }

  /** Takes what ends where the Topic Name does. */
  #atTheEnd(count: number): boolean {
    const { found } = this
    const end = Math.min(this.#width, this.#at + count)
    for (let index = this.#at; index < end; index += 1) {
      const node = this.#frontier[index]
      if (node === null || node === undefined) continue
      if (node.value !== undefined) found.push(node.value)
      // `a/#` matches `a` as well.
      if (node.hashValue !== undefined) found.push(node.hashValue)
    }
    this.#at = end
    if (end < this.#width) return false
    if (this.#frontier.length > keptFrontier || this.#next.length > keptFrontier) {
      this.#frontier = []
      this.#next = []
    }
    return true
  }
}

/** The node to go on from; null where there is none. What stands alone below its node is pushed onto `found` if it matches. */
function entered<T extends OfFilter>(child: Node<T> | T | null, topicName: string, found: T[]): Node<T> | null {
  if (child instanceof Node) return child
  if (child !== null && topicFilterMatches(child.filter, topicName)) found.push(child)
  return null
}

/** Many levels below each other are a path, not a depth of calls. */
function* valuesBelow<T>(root: Node<T>): Generator<T | null, void> {
  const path = [childrenOf(root)]
  yield root.hashValue ?? null
  for (let children = path.at(-1); children !== undefined; children = path.at(-1)) {
    const { done, value: child } = children.next()
    if (done === true) {
      path.pop()
      continue
    }
    if (!(child instanceof Node)) {
      yield child
      continue
    }
    yield child.value ?? null
    if (child.hashValue !== undefined) yield child.hashValue
    path.push(childrenOf(child))
  }
}

function* childrenOf<T>(node: Node<T>): Generator<Node<T> | T, void> {
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

function childBehind<T>(node: Node<T>, level: string): Node<T> | T | null {
  return level === '+' ? node.plusChild : childAt(node, level)
}

function putBehind<T>(node: Node<T>, level: string, child: Node<T> | T): void {
  if (level === '+') node.plusChild = child
  else putChild(node, level, child)
}

/** `level` is the next of the value's filter: undefined if it ends at the node. Returns whether nothing was there. */
function putValue<T>(node: Node<T>, level: string | undefined, value: T): boolean {
  if (level !== undefined && level !== '#') {
    const isNew = childBehind(node, level) === null
    putBehind(node, level, value)
    return isNew
  }
  const isNew = (level === '#' ? node.hashValue : node.value) === undefined
  if (level === '#') node.hashValue = value
  else node.value = value
  return isNew
}

/** The opposite. Returns whether something was there. */
function takeValue<T>(node: Node<T>, level: string | undefined): boolean {
  if (level !== undefined && level !== '#') {
    removeBehind(node, level)
    return true
  }
  const wasThere = (level === '#' ? node.hashValue : node.value) !== undefined
  if (level === '#') node.hashValue = undefined
  else node.value = undefined
  return wasThere
}

function removeBehind<T>(node: Node<T>, level: string): void {
  if (level === '+') node.plusChild = null
  else removeChild(node, level)
}

/** Takes out the nodes at the end of `path` that lead nowhere; `levels[i]` leads from `path[i]` to `path[i + 1]`. */
function prune<T>(path: Node<T>[], levels: string[]): void {
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const node = path[depth]
    const parent = path[depth - 1]
    const level = levels[depth - 1]
    assert(node !== undefined && parent !== undefined && level !== undefined, 'a path has a node for each level')
    if (node.value !== undefined || node.hashValue !== undefined) return
    if (node.plusChild !== null || hasChildren(node)) return
    removeBehind(parent, level)
  }
}
