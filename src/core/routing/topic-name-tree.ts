/**
 * Topic Names to values, asked with a Topic Filter: the Retained Messages. MQTT 5.0 sections 3.3.1.3 and 4.7.
 *
 * Names that begin with `$` have a root of their own, so that a wildcard at the first level never meets them
 * [MQTT-4.7.2-1]. A name that is alone below a node stands there itself and is compared whole: no nodes are made for levels it
 * shares with nobody. Invariant: every node but the roots leads to a value.
 */
import assert from 'node:assert/strict'
import { topicFilterMatches } from './topic-filter.ts'
import { type Branch, childAt, hasChildren, putChild, removeChild } from './topic-tree-branch.ts'

/** What is in the tree: it knows its Topic Name, which stays the same. */
export interface OfTopicName {
  readonly topicName: string
  /** The tree's own: how many matchers had been started when the name was added. 0 before that. */
  epoch: number
}

const sliceSize = 1024

class Node<T> implements Branch<Node<T> | T> {
  onlyLevel = ''
  onlyChild: Node<T> | T | null = null
  children: Map<string, Node<T> | T> | null = null
  /** Of the name that ends here, while there are others below. */
  value: T | undefined = undefined
  /** How many matchers had been started when the first name below was added. */
  readonly epoch: number

  constructor(epoch: number) {
    this.epoch = epoch
  }
}

/** A node whose children are still to be looked at. */
interface Frame<T> {
  readonly node: Node<T>
  /** The one level that is wanted; null for all of them. */
  readonly level: string | null
  /** They are compared with the filter from here on. */
  readonly depth: number
  /** Null until the first of several has been looked at. */
  children: Iterator<Node<T> | T, undefined> | null
}

export class TopicNameTree<T extends OfTopicName> {
  readonly #root = new Node<T>(0)
  readonly #dollarRoot = new Node<T>(0)
  #size = 0
  #epoch = 0

  /** Topic Names in the tree. */
  get size(): number {
    return this.#size
  }

  get(topicName: string): T | undefined {
    let node = this.#rootFor(topicName)
    for (const level of topicName.split('/')) {
      const child = childAt(node, level)
      if (child === null) return undefined
      if (!(child instanceof Node)) return child.topicName === topicName ? child : undefined
      node = child
    }
    return node.value
  }

  /** Adds it, or puts it in the place of what was there for the same Topic Name, which is valid. */
  set(value: T): void {
    const { topicName } = value
    const levels = topicName.split('/')
    let node = this.#rootFor(topicName)
    let levelsOfOther: string[] | null = null
    for (const [depth, level] of levels.entries()) {
      const child = childAt(node, level)
      if (child instanceof Node) {
        node = child
        continue
      }
      if (child === null || child.topicName === topicName) {
        this.#put(value, child)
        putChild(node, level, value)
        return
      }
      // Both go on from here, and part at the next level or later.
      levelsOfOther ??= child.topicName.split('/')
      const parting = new Node<T>(child.epoch)
      const next = levelsOfOther[depth + 1]
      if (next === undefined) parting.value = child
      else putChild(parting, next, child)
      putChild(node, level, parting)
      node = parting
    }
    this.#put(value, node.value ?? null)
    node.value = value
  }

  /** In the place of `before` it is as old. */
  #put(value: T, before: T | null): void {
    value.epoch = before?.epoch ?? this.#epoch
    if (before === null) this.#size += 1
  }

  /** Returns whether the name was there. */
  delete(topicName: string): boolean {
    const levels = topicName.split('/')
    let node = this.#rootFor(topicName)
    const path = [node]
    for (const level of levels) {
      const child = childAt(node, level)
      if (child === null) return false
      if (!(child instanceof Node)) {
        if (child.topicName !== topicName) return false
        this.#size -= 1
        removeChild(node, level)
        prune(path, levels)
        return true
      }
      path.push(child)
      node = child
    }
    if (node.value === undefined) return false
    node.value = undefined
    this.#size -= 1
    prune(path, levels)
    return true
  }

  /** Pushes the value of every name that `filter` matches onto `found`, in no particular order, all in one go. */
  match(filter: string, found: T[]): void {
    this.matcher(filter).next(Number.POSITIVE_INFINITY, found)
  }

  /**
   * Begins a search that can be worked in slices while the tree changes. `filter` is valid and without `$share/name/`.
   *
   * A name that stays in the tree from here to the end is found exactly once, with the value it has when it is met.
   * One that is added or removed meanwhile may or may not be found; what is removed is not found after that.
   */
  matcher(filter: string): TopicNameMatcher<T> {
    const epoch = this.#epoch
    this.#epoch += 1
    return new TopicNameMatcher(this.#rootFor(filter), filter, epoch)
  }

  /** Every value, in no particular order. The tree must not be changed meanwhile. */
  *values(): Generator<T> {
    for (const root of [this.#root, this.#dollarRoot]) {
      const matcher = new TopicNameMatcher(root, '#', this.#epoch)
      for (let hasMore = true; hasMore; ) {
        const found: T[] = []
        hasMore = matcher.next(sliceSize, found)
        yield* found
      }
    }
  }

  #rootFor(text: string): Node<T> {
    return text.startsWith('$') ? this.#dollarRoot : this.#root
  }
}

/**
 * One search through a `TopicNameTree`. It walks Map iterators, which outlive any change to their Map, and passes over
 * what is younger than itself: whatever is added meanwhile, it ends. Between two slices it knows nodes only, and what stands below
 * one is looked up when its turn comes: it may have been replaced.
 */
class TopicNameMatcher<T extends OfTopicName> {
  readonly #filter: string
  readonly #levels: readonly string[]
  readonly #epoch: number
  readonly #stack: Frame<T>[] = []
  /** Where it begins; null once that has been looked at. */
  #root: Node<T> | null

  /** @internal Made by `TopicNameTree.matcher`. */
  constructor(root: Node<T>, filter: string, epoch: number) {
    this.#filter = filter
    this.#levels = filter.split('/')
    this.#epoch = epoch
    this.#root = root
  }

  /**
   * Looks at up to `max` nodes of the tree and pushes the values found, never more than `max`, onto `found`.
   * Returns true while there is more to look at, which need not mean more to find.
   */
  next(max: number, found: T[]): boolean {
    let looked = 0
    if (this.#root !== null) {
      this.#look(this.#root, 0, found)
      this.#root = null
      looked += 1
    }
    for (; looked < max; looked += 1) {
      const frame = this.#stack.at(-1)
      if (frame === undefined) return false
      const child = this.#childOf(frame)
      if (child instanceof Node) this.#look(child, frame.depth, found)
      else if (child !== null && this.#isMatch(child, frame.depth)) found.push(child)
    }
    return this.#stack.length > 0
  }

  /** The next one of it; null, and the frame is done with, if there is none. */
  #childOf(frame: Frame<T>): Node<T> | T | null {
    const { node, level } = frame
    if (level !== null) {
      this.#stack.pop()
      return childAt(node, level)
    }
    frame.children ??= node.children?.values() ?? onlyChildOf(node)
    const child = frame.children.next().value
    // Children come in the order they were added: behind one that is too young are only younger ones.
    if (child !== undefined && child.epoch <= this.#epoch) return child
    this.#stack.pop()
    return null
  }

  #isMatch(value: T, depth: number): boolean {
    return this.#levels[depth] === '#' || topicFilterMatches(this.#filter, value.topicName)
  }

  #look(node: Node<T>, depth: number, found: T[]): void {
    const level = this.#levels[depth]
    if (level === undefined || level === '#') {
      // For `#` this is the level above it, which `a/#` matches as well; a root has no value.
      if (node.value !== undefined) found.push(node.value)
      if (level === '#') this.#stack.push({ node, level: null, depth, children: null })
      return
    }
    this.#stack.push({ node, level: level === '+' ? null : level, depth: depth + 1, children: null })
  }
}

function onlyChildOf<T>({ onlyChild }: Node<T>): Iterator<Node<T> | T, undefined> {
  return (onlyChild === null ? [] : [onlyChild]).values()
}

/** Takes out the nodes at the end of `path` that lead nowhere; `levels[i]` leads from `path[i]` to `path[i + 1]`. */
function prune<T>(path: Node<T>[], levels: string[]): void {
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const node = path[depth]
    const parent = path[depth - 1]
    const level = levels[depth - 1]
    assert(node !== undefined && parent !== undefined && level !== undefined, 'a path has a node for each level')
    if (node.value !== undefined || hasChildren(node)) return
    removeChild(parent, level)
  }
}
