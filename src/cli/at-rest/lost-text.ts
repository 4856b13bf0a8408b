/**
 * What a repair could not keep, as text for a terminal.
 */
import type { Repair } from '../../server/at-rest/repair.ts'
import { count, counted } from '../../server/counted.ts'
import { visible } from '../terminal-text.ts'

type Lost = Repair['lost'][number]

const topicNamesShown = 5

export function lostText(lost: Lost): string {
  const told = lost.table === 'log' ? recordsText(lost) : snapshotText(lost)
  return `${placeOf(lost)}: ${lost.reason}${told === '' ? '' : `\n    ${told}`}`
}

function placeOf({ table, block, key }: Lost): string {
  if (block !== null)
    return `table ${table}, block ${block.first}: records ${count(block.first)} to ${count(block.last)}`
  if (key !== null) return `table ${table}, ${JSON.stringify(key)}`
  return `table ${table}, rows whose numbers cannot be read`
}

function recordsText({ records }: Lost): string {
  if (records.length === 0) return ''
  const counts = new Map<string, number>()
  const topicNames = new Set<string>()
  for (const { record } of records) {
    counts.set(record.type, (counts.get(record.type) ?? 0) + 1)
    if (record.type === 'message') topicNames.add(visible(record.message.topicName))
  }
  const types = Array.from(counts, ([type, times]) => `${count(times)} ${type}`).join(', ')
  const shown = [...topicNames].slice(0, topicNamesShown).join(', ')
  const more = topicNames.size > topicNamesShown ? ` and ${count(topicNames.size - topicNamesShown)} more` : ''
  return `as far as it can be read it held ${types}${shown === '' ? '' : `; messages to ${shown}${more}`}`
}

function snapshotText({ snapshot }: Lost): string {
  switch (snapshot?.type) {
    case undefined:
      return ''
    case 'session': {
      const { session } = snapshot
      if (session === null) return ''
      const account = session.account === '' ? '' : ` of account ${visible(session.account)}`
      return `it was the Session of Client Identifier ${visible(session.clientIdentifier)}${account}`
    }
    case 'recipients':
      return `it was a set of ${counted(snapshot.members?.length ?? 0, 'recipient')}`
    case 'retained':
      return `it was the list of ${counted(snapshot.seqs.length, 'Retained Message')}`
    case 'held':
      return `it was the list of ${counted(snapshot.seqs.length, 'held message')}`
    case 'owed':
      return `it was what is owed for message ${count(snapshot.message)}`
    case 'covered':
      return `it said that the snapshots hold everything up to record ${count(snapshot.through)}`
  }
}
