/**
 * Compares the logs of publishers and subscribers. It knows nothing of the broker.
 */
import type { Publisher, Subscriber } from './clients.ts'

/** What was promised and not kept, each as a sentence. */
export function findFaults(publishers: readonly Publisher[], subscribers: readonly Subscriber[]): string[] {
  return subscribers.flatMap((subscriber) =>
    publishers.flatMap((publisher) => {
      const numbers = subscriber.received.get(publisher.name) ?? []
      const where = `${publisher.name} to ${subscriber.name}`
      const lost = [...publisher.acknowledged.keys()].filter(notIn(numbers))
      const faults: string[] = []
      if (lost.length > 0) faults.push(`${where}: ${lost.length} acknowledged messages lost, the first is ${lost[0]}`)
      const repeated = numbers.length - new Set(numbers).size
      if (publisher.qos === 2 && repeated > 0) faults.push(`${where}: ${repeated} QoS 2 messages repeated`)
      const disorder = firstDisorder(numbers, publisher.refused)
      if (disorder !== null) faults.push(`${where}: ${disorder}`)
      return faults
    }),
  )
}

export interface Loss {
  /** Acknowledged messages that are gone. */
  readonly messages: number
  /** Milliseconds between the oldest of them being acknowledged and the cut. */
  readonly reachesBackMs: number
  /** Something is there behind something that is not. */
  readonly hasHoles: boolean
}

/** What a subscriber has lost of what was acknowledged before the cut. */
export function measureLoss(publishers: readonly Publisher[], subscriber: Subscriber, cutAtMs: number): Loss {
  let messages = 0
  let oldestMs = cutAtMs
  let hasHoles = false
  for (const publisher of publishers) {
    const numbers = subscriber.received.get(publisher.name) ?? []
    hasHoles ||= numbers.some((number, index) => number !== index)
    for (const number of [...publisher.acknowledged.keys()].filter(notIn(numbers))) {
      messages += 1
      oldestMs = Math.min(oldestMs, publisher.acknowledged.get(number) ?? 0)
    }
  }
  return { messages, reachesBackMs: cutAtMs - oldestMs, hasHoles }
}

function notIn(numbers: readonly number[]): (number: number) => boolean {
  const there = new Set(numbers)
  return (number) => !there.has(number)
}

/** Messages may be repeated at QoS 1, but what comes for the first time comes in order and without a gap. */
function firstDisorder(numbers: readonly number[], refused: ReadonlySet<number>): string | null {
  let next = 0
  for (const number of numbers) {
    while (refused.has(next)) next += 1
    if (number > next) return `${number} came before ${next}`
    if (number === next) next += 1
  }
  return null
}
