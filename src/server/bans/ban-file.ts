/**
 * The bans of a data directory, in a file that its owner alone can read: `banned.jsonl`, one line of JSON for each change.
 *
 * The first line says what it is. A ban is added at the end, and so is that one was lifted: what a change costs does not depend on how
 * many bans there are. When most of it is history the file is written anew. A last line without its end was never acknowledged.
 */
import { open, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { type Ban, type BanKind, BanList, latestBanMs, whoFault } from '../../core/access/ban-list.ts'
import { replacePrivateFile } from '../private-file.ts'

export const banFileName = 'banned.jsonl'

const kinds = z.enum(['clientid', 'username', 'peerhost', 'peerhost_net'] satisfies BanKind[])
const headSchema = z.strictObject({ pabal: z.literal('banned'), version: z.literal(1) })
const banSchema = z.strictObject({
  ban: z.strictObject({
    as: kinds,
    who: z.string(),
    reason: z.string(),
    by: z.string(),
    atMs: z.number().max(latestBanMs),
    untilMs: z.number().max(latestBanMs).nullable(),
  }),
})
const liftSchema = z.strictObject({ lift: z.strictObject({ as: kinds, who: z.string() }) })
const changeSchema = z.union([banSchema, liftSchema])

/** What is added at the end. */
export type BanChange =
  | { readonly type: 'ban'; readonly ban: Ban }
  | { readonly type: 'lift'; readonly as: BanKind; readonly who: string }

/** So many lines more than there are bans are history enough to write the file anew. */
const historyMin = 1000
const bansPerPart = 1000

export class BanFile {
  readonly #path: string
  #lines: number
  /** Where the next change goes; null: what is there cannot be relied on, so that the file is written anew. */
  #end: number | null

  private constructor(path: string, lines: number, end: number | null) {
    this.#path = path
    this.#lines = lines
    this.#end = end
  }

  /** Reads it; no file is no ban. @throws an Error that names the file and the line, and says what to do. */
  static async read(path: string): Promise<{ file: BanFile; bans: BanList }> {
    const bans = new BanList()
    const bytes = await bytesOf(path)
    if (bytes === null) return { file: new BanFile(path, 0, null), bans }
    const lines = bytes.toString().split('\n')
    const isWhole = lines.pop() === ''
    if (lines.length > 0) for (const [index, line] of lines.entries()) applyLine(bans, path, index, line)
    return { file: new BanFile(path, lines.length, isWhole && lines.length > 0 ? bytes.length : null), bans }
  }

  /**
   * Durable when it resolves; if it rejects nothing has changed. `after`: all bans there are then, to write the file anew.
   */
  async append(change: BanChange, after: () => Iterable<Ban>, bans: number): Promise<void> {
    const end = this.#end
    if (end === null || this.#lines >= 2 * bans + historyMin) return this.replace(after())
    const line = Buffer.from(lineOf(change))
    this.#end = null
    try {
      await this.#writeAt(end, line)
    } catch {
      // Into another file, in which there may be room where history takes it in this one; if not, that says why.
      return this.replace(after())
    }
    this.#end = end + line.length
    this.#lines += 1
  }

  async #writeAt(end: number, line: Buffer): Promise<void> {
    const file = await open(this.#path, 'r+')
    try {
      await file.truncate(end)
      for (let at = 0; at < line.length; ) at += (await file.write(line, at, line.length - at, end + at)).bytesWritten
      await file.datasync()
    } catch (error) {
      // What is left of the line if this fails, too, has no end, or is what was asked for.
      await file.truncate(end).catch(() => {})
      throw error
    } finally {
      await file.close()
    }
  }

  /** Writes the file anew, with these. Durable when it resolves; if it rejects the file is as it was. */
  async replace(bans: Iterable<Ban>): Promise<void> {
    this.#end = null
    let bytes = 0
    let lines = 0
    function* parts(): Generator<string> {
      for (const part of partsOf(bans)) {
        bytes += Buffer.byteLength(part.text)
        lines += part.lines
        yield part.text
      }
    }
    await replacePrivateFile(this.#path, parts())
    this.#lines = lines
    this.#end = bytes
  }
}

function* partsOf(bans: Iterable<Ban>): Generator<{ text: string; lines: number }> {
  let text = `${JSON.stringify({ pabal: 'banned', version: 1 })}\n`
  let lines = 1
  for (const ban of bans) {
    text += lineOf({ type: 'ban', ban })
    lines += 1
    if (lines < bansPerPart) continue
    yield { text, lines }
    text = ''
    lines = 0
  }
  if (lines > 0) yield { text, lines }
}

function lineOf(change: BanChange): string {
  if (change.type === 'lift') return `${JSON.stringify({ lift: { as: change.as, who: change.who } })}\n`
  const { untilMs, ...ban } = change.ban
  return `${JSON.stringify({ ban: { ...ban, untilMs: untilMs === Number.POSITIVE_INFINITY ? null : untilMs } })}\n`
}

async function bytesOf(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return null
    throw unusable(path, null, error instanceof Error ? error.message : String(error))
  }
}

/** @throws an Error that says what is wrong with the line. */
function applyLine(bans: BanList, path: string, index: number, line: string): void {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw unusable(path, index, error instanceof Error ? error.message : String(error))
  }
  if (index === 0) {
    const head = headSchema.safeParse(value)
    if (!head.success) throw unusable(path, index, 'found something else, expected {"pabal":"banned","version":1}')
    return
  }
  const { success, data } = changeSchema.safeParse(value)
  if (!success) throw unusable(path, index, `found ${line.slice(0, 200)}, expected a ban or that one is lifted`)
  const { as, who } = 'ban' in data ? data.ban : data.lift
  const fault = whoFault(as, who)
  if (fault !== null) throw unusable(path, index, `found ${JSON.stringify(who.slice(0, 200))}, expected ${fault}`)
  if ('lift' in data) bans.delete(as, who)
  else bans.put({ ...data.ban, untilMs: data.ban.untilMs ?? Number.POSITIVE_INFINITY })
}

function unusable(path: string, index: number | null, why: string): Error {
  const place = index === null ? path : `${path}, line ${index + 1},`
  return new Error(
    `${place} cannot be used: ${why}\nIt holds who is banned, and nobody is let in past what cannot be read. Put the line right or remove it, or remove the file: then nobody is banned.`,
  )
}
