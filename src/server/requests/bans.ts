/**
 * `$pabal/bans`, `ban-add`, `ban-remove` and `ban-remove-all`: who may not connect. The names are those of EMQX.
 */
import { type Ban, type BanKind, banKinds } from '../../core/access/ban-list.ts'
import type { BanOptions } from '../bans/bans.ts'
import { FieldFault, quoted, RequestFault } from './request-fault.ts'
import type { Fields } from './request-fields.ts'
import type { RequestHandler } from './request-handler.ts'

/** A ban as it stands in answers. */
export interface BanRow {
  readonly as: BanKind
  readonly who: string
  readonly reason: string
  readonly by: string
  /** RFC 3339. */
  readonly at: string
  /** RFC 3339; null: for ever. */
  readonly until: string | null
}

export interface BansRemoved {
  readonly removed: number
}

const which = { as: banKinds, who: 'text' } as const
const asAdvice = `name what is banned: {"as": "clientid", "who": "..."}; "as" is one of ${banKinds.join(', ')}`
const whoAdvice = 'name who is banned: {"as": "clientid", "who": "..."}'

export const bans: RequestHandler = {
  permission: 'observe',
  fields: {},
  answer: ({ bans, state }) => {
    const all = bans.list()
    return { facts: { bans: all.length, bansMax: state.limits.bansMax }, list: { name: 'banned', rows: rowsOf(all) } }
  },
}

function* rowsOf(all: readonly Ban[]): Generator<BanRow, void> {
  for (const ban of all) yield rowOf(ban)
}

export const banAdd: RequestHandler = {
  permission: 'admin',
  fields: { ...which, reason: 'text', by: 'text', until: 'text', forSeconds: 'count' },
  answer: async ({ bans, fields, askedBy }) => {
    const { as, who } = whichOf(fields)
    const reason = fields.text('reason') ?? ''
    const by = fields.text('by') ?? askedBy
    return { facts: rowOf(await bans.add({ as, who, reason, by, ...endOf(fields) })) }
  },
}

export const banRemove: RequestHandler = {
  permission: 'admin',
  fields: which,
  answer: async ({ bans, fields }) => {
    const { as, who } = whichOf(fields)
    return { facts: rowOf(await bans.remove(as, who)) }
  },
}

export const banRemoveAll: RequestHandler = {
  permission: 'admin',
  fields: {},
  answer: async ({ bans }) => {
    const facts: BansRemoved = { removed: await bans.removeAll() }
    return { facts }
  },
}

/** @throws RequestFault */
function whichOf(fields: Fields): { as: BanKind; who: string } {
  const written = fields.neededText('as', asAdvice)
  const as = banKinds.find((kind) => kind === written)
  // It has been checked to be one of them.
  if (as === undefined) throw new RequestFault(quoted(written), `one of ${banKinds.join(', ')}`, asAdvice)
  return { as, who: fields.neededText('who', whoAdvice) }
}

/** When it is to end, as far as that was said. @throws FieldFault */
function endOf(fields: Fields): Pick<BanOptions, 'untilMs' | 'forSeconds'> {
  const until = fields.text('until')
  const forSeconds = fields.count('forSeconds')
  return {
    ...(until === null ? {} : { untilMs: timeOf(until) }),
    ...(forSeconds === null ? {} : { forSeconds }),
  }
}

/** @throws FieldFault */
function timeOf(written: string): number {
  if (written === 'infinity') return Number.POSITIVE_INFINITY
  // Date takes much else for a time, too.
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/i.test(written)
  const untilMs = isTime ? Date.parse(written) : Number.NaN
  if (!Number.isNaN(untilMs)) return untilMs
  const expected = 'a time as in RFC 3339, such as 2030-01-31T12:00:00Z, or "infinity"'
  throw new FieldFault('until', quoted(written), expected, 'correct it, or leave it out to ban for ever')
}

function rowOf({ as, who, reason, by, atMs, untilMs }: Ban): BanRow {
  const until = untilMs === Number.POSITIVE_INFINITY ? null : new Date(untilMs).toISOString()
  return { as, who, reason, by, at: new Date(atMs).toISOString(), until }
}
