/**
 * What was taken over of a mosquitto.conf, as a file of ours.
 */
import { Document, isMap, isPair, isScalar } from 'yaml'
import type { MosquittoConfig } from './mosquitto-config.ts'

/** `from` is the file as the operator named it. */
export function toYaml({ values, rows }: MosquittoConfig, from: string): string {
  const document = new Document(values)
  document.commentBefore = [
    ' yaml-language-server: $schema=./pabal.schema.json',
    ` Made by "pabal import mosquitto" from ${JSON.stringify(from)}.`,
  ].join('\n')
  const notes = notesOf(rows)
  if (isMap(document.contents)) {
    for (const pair of document.contents.items) {
      if (isPair(pair) && isScalar(pair.key)) pair.key.commentBefore = notes.get(String(pair.key.value)) ?? null
    }
  }
  const left = rows
    .filter(({ verdict }) => verdict.type === 'later')
    .map(({ name, value }) => ` ${name} ${withoutSecret(name, value)}`)
  if (left.length > 0) document.comment = [' Not taken over, for Pabal has nothing like it yet:', ...left].join('\n')
  return document.toString({ lineWidth: 0 })
}

/** Passwords of bridges are not repeated. */
export function withoutSecret(name: string, value: string): string {
  return /^(?:(?:remote_|local_)?password|bridge_psk)$/.test(name) ? '(secret)' : value
}

/** What is different, by the key at the top that it is about. */
function notesOf(rows: MosquittoConfig['rows']): Map<string, string> {
  const notes = new Map<string, string>()
  for (const { name, verdict } of rows) {
    if (verdict.type !== 'mapped' || verdict.note === '' || verdict.path.length === 0) continue
    const key = String(verdict.path[0])
    const before = notes.get(key)
    notes.set(key, `${before === undefined ? '' : `${before}\n`} ${name}: ${verdict.note}`)
  }
  return notes
}
