/**
 * Topic Names to values, asked with a Topic Filter: the Retained Messages. MQTT 5.0 sections 3.3.1.3 and 4.7.
 *
 * Names that begin with `$` have a root of their own, so that a wildcard at the first level never meets them
 * [MQTT-4.7.2-1]. Invariant: every node but the roots leads to a value.
 */
import assert from 'node:assert/strict'
import { type Branch, childAt, hasChildren, putChild, removeChild } from './topic-tree-branch.ts'

const sliceSize = 1024

class Node<T> implements Branch<Node<T>> {
  onlyLevel = ''
  onlyChild: Node<T> | null = null
  children: Map<string, Node<T>> | null = null
  value: T | undefined = undefined
  /** How many matchers had been started when this node was added. */
  readonly epoch: number

  constructor(epoch: number) {
    this.epoch = epoch
  }
}

/** Children that are still to be looked at with the filter from `depth` on. */
interface Frame<T> {
  readonly children: Iterator<Node<T>, undefined>
  readonly depth: number
}

export class TopicNameTree<T> {
  readonly #root = new Node<T>(0)
  readonly #dollarRoot = new Node<T>(0)
  #size = 0
  #epoch = 0

  /** Topic Names in the tree. */
  get size(): number {
    return this.#size
  }

  get(topicName: string): T | undefined {
    let node: Node<T> | null = this.#rootFor(topicName)
    for (const level of topicName.split('/')) {
      node = childAt(node, level)
      if (node === null) return undefined
    }
    return node.value
  }

  /** Adds or replaces. `topicName` is valid; `value` is not undefined. */
  set(topicName: string, value: T): void {
    assert(value !== undefined, 'undefined stands for a name that is not there')
    let node = this.#rootFor(topicName)
    for (const level of topicName.split('/')) {
      const known: Node<T> | null = childAt(node, level)
      const child = known ?? new Node<T>(this.#epoch)
      if (known === null) putChild(node, level, child)
      node = child
    }
    if (node.value === undefined) this.#size += 1
    node.value = value
  }

  /** Returns whether the name was there. */
  delete(topicName: string): boolean {
    const levels = topicName.split('/')
    let node = this.#rootFor(topicName)
    const path = [node]
    for (const level of levels) {
      const child = childAt(node, level)
      if (child === null) return false
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
 * nodes younger than itself: whatever is added meanwhile, it ends.
 */
class TopicNameMatcher<T> {
  readonly #levels: readonly string[]
  readonly #epoch: number
  readonly #stack: Frame<T>[] = []
  /** The node to look at next, with the filter from `#depth` on; null when the next one comes from the stack. */
  #node: Node<T> | null
  #depth = 0

  /** @internal Made by `TopicNameTree.matcher`. */
  constructor(root: Node<T>, filter: string, epoch: number) {
    this.#levels = filter.split('/')
    this.#epoch = epoch
    this.#node = root
  }

  /**
   * Looks at up to `max` nodes of the tree and pushes the values found, never more than `max`, onto `found`.
   * Returns true while there is more to look at, which need not mean more to find.
   */
  next(max: number, found: T[]): boolean {
    for (let looked = 0; looked < max; looked += 1) {
      const node = this.#node ?? this.#nextFromStack()
      if (node === null) return false
      this.#look(node, found)
    }
    return this.#node !== null || this.#stack.length > 0
  }

  #nextFromStack(): Node<T> | null {
    for (;;) {
      const frame = this.#stack.at(-1)
      if (frame === undefined) return null
      const child = frame.children.next().value
      // Children come in the order they were added: behind one that is too young are only younger ones.
      if (child !== undefined && child.epoch <= this.#epoch) {
        this.#depth = frame.depth
        return child
      }
      this.#stack.pop()
    }
  }

  #look(node: Node<T>, found: T[]): void {
    this.#node = null
    const level = this.#levels[this.#depth]
    if (level === undefined || level === '#') {
      // For `#` this is the level above it, which `a/#` matches as well; a root has no value.
      if (node.value !== undefined) found.push(node.value)
      if (level === '#') this.#descend(node, this.#depth)
    } else if (level === '+') {
      this.#descend(node, this.#depth + 1)
    } else {
      this.#node = childAt(node, level)
      this.#depth += 1
    }
  }

  #descend(node: Node<T>, depth: number): void {
    if (node.children !== null) {
      this.#stack.push({ children: node.children.values(), depth })
    } else if (node.onlyChild !== null && node.onlyChild.epoch <= this.#epoch) {
      this.#node = node.onlyChild
      this.#depth = depth
    }
  }
}

/** Takes out the nodes at the end of `path` that lead nowhere; `levels[i]` leads from `path[i]` to `path[i + 1]`. */
function prune<T>(path: Node<T>[], levels: string[]): void {
  for (let depth = levels.length; depth > 0; depth -= 1) {
    const node = path[depth]
    const parent = path[depth - 1]
    const level = levels[depth - 1]
    assert(node !== undefined && parent !== undefined && level !== undefined, 'a path has a node for each level')
    if (node.value !== undefined || hasChildren(node)) return
    removeChild(parent, level)
  }
}
