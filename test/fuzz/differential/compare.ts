/**
 * What three say of the same play: Pabal, mosquitto, and our own model of what each client is owed.
 *
 * The model must agree with Pabal copy by copy. mosquitto may differ where `differences.json` says why; what it gives in several
 * copies, one for each Subscription, is one copy with the highest QoS [MQTT-3.3.4-2].
 */
import { readFileSync } from 'node:fs'
import type { Play } from './play.ts'
import type { Account } from './stage.ts'

/** A way in which mosquitto may answer otherwise; each expression that is there must match. */
interface Intended {
  readonly name: string
  /** The statement that is read in two ways, or that one of the two does not keep to. */
  readonly statement: string
  readonly reason: string
  /** What the client has done. */
  readonly step?: string
  /** What only Pabal gave, all clients together; empty for nothing. */
  readonly onlyPabal: string
  readonly onlyMosquitto: string
  /** Without this, the two have given the same. */
  readonly ignoring?: string
  /** Why Pabal closed the connection. */
  readonly closed?: string
}

export interface Difference {
  readonly at: number
  readonly step: string
  readonly onlyPabal: string
  readonly onlyMosquitto: string
  readonly closed: string
}

// The test of this file holds it to that form.
export const intended = JSON.parse(
  readFileSync(new URL('differences.json', import.meta.url), 'utf8'),
) as readonly Intended[]

const message = /^publish '([\s\S]*)' QoS (\d)( retained)?(?: by ([\d,]+))?$/

/** One copy of each message: of several, the highest QoS and every Subscription Identifier. */
export function merged(heard: readonly string[]): string[] {
  const copies = new Map<string, { qos: number; isRetained: boolean; by: Set<string> }>()
  const rest: string[] = []
  for (const each of heard) {
    const [, label = '', qos = '', retained, by = ''] = message.exec(each) ?? []
    if (qos === '') {
      rest.push(each)
      continue
    }
    const copy = copies.get(label) ?? { qos: 0, isRetained: false, by: new Set<string>() }
    copies.set(label, copy)
    copy.qos = Math.max(copy.qos, Number(qos))
    if (retained !== undefined) copy.isRetained = true
    for (const identifier of by.split(',').filter((one) => one !== '')) copy.by.add(identifier)
  }
  for (const [label, { qos, isRetained, by }] of copies) {
    const whose = by.size === 0 ? '' : ` by ${[...by].sort()}`
    rest.push(`publish '${label}' QoS ${qos}${isRetained ? ' retained' : ''}${whose}`)
  }
  return rest.sort()
}

/** The first step at which the two brokers did not do the same; null if they agree. */
export function firstDifference({ steps }: Play, pabal: Account, other: Account, closed: string): Difference | null {
  for (const [at, { what, isCut, client }] of steps.entries()) {
    const [ours, theirs] = [pabal, other].map((account) =>
      (account[at] ?? []).map((heard, of) =>
        // It may close as soon as it sees, or wait for the rest, which never comes.
        merged(isCut && of === client ? heard.filter((each) => each !== 'closed') : heard),
      ),
    )
    const onlyPabal = without(ours ?? [], theirs ?? [])
    const onlyMosquitto = without(theirs ?? [], ours ?? [])
    if (onlyPabal + onlyMosquitto !== '') return { at, step: what, onlyPabal, onlyMosquitto, closed }
  }
  return null
}

function without(lists: readonly (readonly string[])[], others: readonly (readonly string[])[]): string {
  return lists.flatMap((heard, client) => heard.filter((each) => others[client]?.includes(each) !== true)).join('; ')
}

/** The first step at which Pabal did not give exactly what the model owes; null if it always did. */
export function firstFault({ steps }: Play, pabal: Account): string | null {
  for (const [at, { what, owed }] of steps.entries()) {
    const given = (pabal[at] ?? []).map((heard) => heard.filter((each) => each.startsWith('publish')))
    if (owed !== null && JSON.stringify(owed) !== JSON.stringify(given)) {
      return `step ${at}, ${what}: owed ${JSON.stringify(owed)}, given ${JSON.stringify(given)}`
    }
  }
  return null
}

/** Why that difference is meant to be there; null if it is not. */
export function reasonFor({ step, onlyPabal, onlyMosquitto, closed }: Difference): Intended | null {
  const matches = (pattern: string | undefined, text: string) => pattern === undefined || new RegExp(pattern).test(text)
  return (
    intended.find(
      (each) =>
        matches(each.step, step) &&
        matches(`^(?:${each.onlyPabal})$`, onlyPabal) &&
        matches(`^(?:${each.onlyMosquitto})$`, onlyMosquitto) &&
        matches(each.closed, closed) &&
        areAlike(onlyPabal, onlyMosquitto, each.ignoring),
    ) ?? null
  )
}

function areAlike(onlyPabal: string, onlyMosquitto: string, ignoring: string | undefined): boolean {
  if (ignoring === undefined) return true
  const [ours, theirs] = [onlyPabal, onlyMosquitto].map((text) =>
    text.replace(new RegExp(ignoring, 'g'), '').split('; ').sort().join('; '),
  )
  return ours === theirs
}
