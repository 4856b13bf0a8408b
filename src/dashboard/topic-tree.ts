/**
 * Topic Names as a tree by their levels, each with what lies below it.
 */
import type { SeenTopic } from '../admin/api-types.ts'

export interface TopicNode {
  /** One level of Topic Names; may be empty. */
  readonly level: string
  /** All levels down to this one: a Topic Name, or the beginning of some. */
  readonly path: string
  readonly depth: number
  /** What came in on this very Topic Name; null if nothing did. */
  own: SeenTopic | null
  /** The sums of it and all below. */
  messages: number
  messagesPerSecond: number
  lastAtMs: number
  /** Topic Names at and below it. */
  topicNames: number
  /** Those of them that nobody listens to. */
  unheard: number
  /** By their level; null if nothing lies below it. */
  children: Map<string, TopicNode> | null
  /** Of the children; made when it is first asked for. */
  inOrder: readonly TopicNode[] | null
}

/** The top of the tree, which is no level itself. */
export function treeOf(topics: readonly SeenTopic[]): TopicNode {
  const top = node('', '', -1)
  for (const topic of topics) {
    let current = top
    add(current, topic)
    for (const level of topic.topic.split('/')) {
      current.children ??= new Map()
      let next = current.children.get(level)
      if (next === undefined) {
        const path = current.depth < 0 ? level : `${current.path}/${level}`
        next = node(level, path, current.depth + 1)
        current.children.set(level, next)
      }
      add(next, topic)
      current = next
    }
    current.own = topic
  }
  return top
}

/** The nodes in sight, in order: those below an open one follow it. */
export function rowsOf(top: TopicNode, isOpen: (path: string) => boolean): TopicNode[] {
  const rows: TopicNode[] = []
  const visit = (parent: TopicNode): void => {
    parent.inOrder ??= [...(parent.children?.values() ?? [])].sort((one, other) => (one.level < other.level ? -1 : 1))
    for (const child of parent.inOrder) {
      rows.push(child)
      if (child.children !== null && isOpen(child.path)) visit(child)
    }
  }
  visit(top)
  return rows
}

/** Subscriptions that count: observers get a message, too, but do not make it heard. */
export function listenersOf({ totals }: SeenTopic): number {
  return totals.online + totals.offline
}

function node(level: string, path: string, depth: number): TopicNode {
  const sums = { own: null, messages: 0, messagesPerSecond: 0, lastAtMs: 0, topicNames: 0, unheard: 0 }
  return { level, path, depth, ...sums, children: null, inOrder: null }
}

function add(to: TopicNode, topic: SeenTopic): void {
  to.messages += topic.messages
  to.messagesPerSecond += topic.messagesPerSecond
  to.lastAtMs = Math.max(to.lastAtMs, topic.lastAtMs)
  to.topicNames += 1
  if (listenersOf(topic) === 0) to.unheard += 1
}
