/**
 * The children of a node in a tree of topic levels, kept small: MQTT 5.0 section 4.7.1.1. @hot
 *
 * Most nodes have one child, and a Map for it would be three times the node: the Map is made for the second child.
 * Once there it stays until it is empty, so that a Subscription that comes and goes does not rebuild it each time.
 */
export interface Branch<Child> {
  /** Level of `onlyChild`; empty if there is none (an empty level exists, too: look at `onlyChild`). */
  onlyLevel: string
  /** The single child while `children` is null. */
  onlyChild: Child | null
  /** In the order in which the children were added. */
  children: Map<string, Child> | null
}

export function childAt<Child>(node: Branch<Child>, level: string): Child | null {
  if (node.children !== null) return node.children.get(level) ?? null
  return node.onlyChild !== null && node.onlyLevel === level ? node.onlyChild : null
}

/** In the place of the child that is at this level, if there is one. */
export function putChild<Child>(node: Branch<Child>, level: string, child: Child): void {
  if (node.children !== null) {
    node.children.set(level, child)
  } else if (node.onlyChild === null || node.onlyLevel === level) {
    node.onlyLevel = level
    node.onlyChild = child
  } else {
    node.children = new Map<string, Child>().set(node.onlyLevel, node.onlyChild).set(level, child)
    node.onlyLevel = ''
    node.onlyChild = null
  }
}

/** Removes the child at a level that has one. */
export function removeChild<Child>(node: Branch<Child>, level: string): void {
  if (node.children !== null) {
    node.children.delete(level)
    if (node.children.size === 0) node.children = null
  } else {
    node.onlyLevel = ''
    node.onlyChild = null
  }
}

export function hasChildren<Child>(node: Branch<Child>): boolean {
  return node.onlyChild !== null || node.children !== null
}
