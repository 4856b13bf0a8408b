/**
 * Rooms for the broker itself: what holds at this moment, and a copy of everything it has stored.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { defaultLimits } from '../../core/limits.ts'
import { ruleDefaults } from '../../core/routing/topic-rule.ts'
import { defaultObservers } from '../../core/state.ts'
import type { BrokerAccess } from '../../server/admin-part.ts'
import { ConfigError } from '../../server/config/config-fault.ts'
import type { EffectiveValue } from '../../server/config/effective.ts'
import { formatOrigin } from '../../server/config/origin.ts'
import { SqliteStore } from '../../store/sqlite/sqlite-store.ts'
import type { ConfigEntry } from '../api-types.ts'
import type { Configuration } from '../http-admin.ts'
import { HttpProblem, problem } from '../problem.ts'
import { type Reply, type Room, reply, room } from '../room.ts'
import { configSchema, reloadedSchema } from '../schemas/answers.ts'

export const brokerRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/config',
    tag: 'Broker',
    summary: 'What holds at this moment: limits, rules, observers, settings. Passwords and keys are not among it.',
    scope: 'observe',
    answers: { 200: { description: 'Every value', schema: configSchema } },
    handle: ({ broker, administration }) => {
      const written = administration.configuration()
      return reply({ entries: written === null ? configOf(broker) : written.values.map(entryOf) })
    },
  }),
  room({
    method: 'post',
    path: '/config/reload',
    tag: 'Broker',
    summary: 'Reads the configuration again and puts in force what can be, or, if it has a fault, nothing.',
    scope: 'admin',
    answers: {
      200: { description: 'What is in force now, and what waits for the next start', schema: reloadedSchema },
    },
    handle: ({ administration }) => reload(administration.configuration()),
  }),
  room({
    method: 'get',
    path: '/backup',
    isStream: true,
    tag: 'Broker',
    summary: 'A copy of everything that is stored at this moment, as one file for `pabal restore`.',
    scope: 'admin',
    answers: { 200: { description: 'The file', schema: null, contentType: 'application/vnd.sqlite3' } },
    handle: ({ broker }) => backup(broker),
  }),
]

function entryOf({ key, value, text, origin }: EffectiveValue): ConfigEntry {
  return { key, value, text, isDefault: origin.type === 'default', source: formatOrigin(origin) }
}

/** @throws HttpProblem with every fault of the configuration. */
async function reload(configuration: Configuration | null): Promise<Reply> {
  if (configuration === null) {
    const found = 'a broker that was made by a program, or that is still starting'
    throw problem('conflict', 'the broker', found, 'one that pabal start has started', 'call reload() in the program')
  }
  try {
    return reply(await configuration.reload())
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const faults = error.faults.map(({ file, line, key, found, expected, advice }) => {
      const place = [file, ...(line === null ? [] : [`line ${line}`]), key].join(': ')
      return { place, found, expected, advice }
    })
    throw new HttpProblem('conflict', faults)
  }
}

function configOf({ state, settings, listenUrls }: BrokerAccess): ConfigEntry[] {
  const { limits, options, rules } = state
  const limitEntries = Object.entries(limits).map(([name, value]) => {
    const isDefault = Object.entries(defaultLimits).some(([known, usual]) => known === name && usual === value)
    return { key: `limits.${name}`, value, isDefault }
  })
  // The last one is what holds where nobody has written a rule.
  const ruleEntries = rules.all.slice(0, -1).map(({ options: rule }, index) => {
    const given = Object.entries(rule).filter(([name, value]) => Reflect.get(ruleDefaults, name) !== value)
    return { key: `topics[${index}]`, value: Object.fromEntries(given), isDefault: false }
  })
  const { clientIdentifierScope: scope = 'broker', clientIdentifiers = null } = options
  const { accounts, filters } = options.observers ?? defaultObservers
  const settingEntries = Object.entries(settings).map(([key, value]) => ({ key, value, isDefault: null }))
  return [
    { key: 'listeners', value: listenUrls, isDefault: null },
    { key: 'clientIdentifierScope', value: scope, isDefault: scope === 'broker' },
    { key: 'clientIdentifiers', value: clientIdentifiers?.texts ?? null, isDefault: clientIdentifiers === null },
    { key: 'whenQueueFull', value: options.whenQueueFull, isDefault: options.whenQueueFull === 'spill' },
    ...settingEntries,
    ...ruleEntries,
    { key: 'observers.accounts', value: [...accounts], isDefault: null },
    { key: 'observers.filters', value: [...filters], isDefault: null },
    ...limitEntries,
  ]
}

/** @throws HttpProblem if nothing is stored. */
async function backup({ store, nowMs }: BrokerAccess): Promise<Response> {
  if (!(store instanceof SqliteStore)) {
    const advice = 'start the broker with --durability fsync or interval'
    throw problem('conflict', 'the store', 'one that keeps everything in memory', 'one on the disk', advice)
  }
  const path = join(store.directory, `backup-${randomBytes(8).toString('hex')}.partial`)
  const remove = (): Promise<void> => rm(path, { force: true })
  try {
    await store.backup(path)
    const { size } = await stat(path)
    // The file has no name any more, and is gone when it has been read.
    const file = createReadStream(path)
    await new Promise((resolve, reject) => file.once('open', resolve).once('error', reject))
    await remove()
    const name = `pabal-${new Date(nowMs()).toISOString().slice(0, 19).replaceAll(':', '')}.db`
    const headers = {
      'content-type': 'application/vnd.sqlite3',
      'content-length': String(size),
      'content-disposition': `attachment; filename="${name}"`,
    }
    // The same interface, in the words of Node.
    return new Response(Readable.toWeb(file) as ReadableStream, { headers })
  } catch (error) {
    await remove()
    throw error
  }
}
