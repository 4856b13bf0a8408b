/**
 * The shape of `access:` in the configuration file: rules that stand there, or mosquitto's ACL file.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { type AccessPolicy, accessActions } from '../../core/access/access-policy.ts'
import { type AccessOptions, accessFaults, accessPolicy, accessTopicFault } from '../access/access-options.ts'
import { AclError, mosquittoAcl } from '../access/mosquitto-acl.ts'
import { ConfigError, type ConfigFault } from './config-fault.ts'
import { choice, flag, leaf, text } from './leaf.ts'
import { describeValue, type Reading, readChoice, readFlag } from './reading.ts'
import { systemReason } from './system-reason.ts'
import { readAccountName } from './topic-values.ts'
import type { PathFault } from './user-faults.ts'

const names = (what: string) => z.array(leaf((value) => readName(value, what), { json: text }))
const action = leaf((value) => readChoice(value, accessActions), { json: choice(accessActions) })
const statementShape = {
  allow: z.array(action).optional(),
  deny: z.array(action).optional(),
  topics: z.array(leaf(readTopic, { json: text })).optional(),
}

export function accessSchema(directory: string) {
  return z.strictObject({
    rules: z
      .array(
        z.strictObject({
          ...statementShape,
          accounts: z.array(leaf(readAccountName, { json: text })).optional(),
          groups: names('a group').optional(),
          clients: names('a client: its Client Identifier').optional(),
          anonymous: leaf(readFlag, { json: flag, standard: false }).optional(),
          roles: names('a role').optional(),
        }),
      )
      .optional(),
    groups: z
      .array(
        z.strictObject({
          name: leaf((value) => readName(value, 'a group'), { json: text }),
          accounts: z.array(leaf(readAccountName, { json: text })).optional(),
        }),
      )
      .optional(),
    roles: z
      .array(
        z.strictObject({
          name: leaf((value) => readName(value, 'a role'), { json: text }),
          rules: z.array(z.strictObject(statementShape)),
        }),
      )
      .optional(),
    aclFile: leaf((value) => readPath(directory, value), { json: text, isPath: true }).optional(),
  })
}

export type AccessValues = z.output<ReturnType<typeof accessSchema>>

/** What is wrong between the keys, which no value shows alone. `groupsComeWithLogins`: clients may come with groups. */
export function accessKeyFaults(values: AccessValues | undefined, groupsComeWithLogins: boolean): PathFault[] {
  if (values === undefined) return []
  const { aclFile, ...options } = values
  const hasRules = Object.keys(options).length > 0
  if (aclFile === undefined && options.rules === undefined) {
    const advice = 'what no rule allows is denied: write rules: [] to deny everything'
    return [{ path: ['access'], found: 'no rules', expected: 'rules or aclFile', advice }]
  }
  if (aclFile !== undefined && hasRules) {
    const advice = 'keep the one or the other'
    return [{ path: ['access', 'aclFile'], found: 'an ACL file beside rules', expected: 'one of the two', advice }]
  }
  const found = accessFaults(optionsOf(options)).map(({ path, ...words }) => ({ path: ['access', ...path], ...words }))
  return groupsComeWithLogins ? found : [...found, ...emptyGroupFaults(options.groups ?? [])]
}

/** A rule that denies something to a group in which nobody can be would deny it to nobody. */
function emptyGroupFaults(groups: NonNullable<AccessValues['groups']>): PathFault[] {
  return groups.flatMap(({ name, accounts }, index) => {
    if (accounts !== undefined) return []
    const advice = 'write its accounts, or say which claim of a token has the groups: authentication.jwt.groupsClaim'
    const found = `the group ${describeValue(name)} without accounts, with which nobody can come`
    return [{ path: ['access', 'groups', index], found, expected: 'accounts, or logins with groups', advice }]
  })
}

/** The policy of values without a fault. @throws ConfigError if the ACL file cannot be used. */
export function toAccessPolicy({ aclFile, ...options }: AccessValues): AccessPolicy {
  if (aclFile === undefined) return accessPolicy(optionsOf(options))
  try {
    return mosquittoAcl(readFileSync(aclFile, 'utf8'), aclFile)
  } catch (error) {
    throw new ConfigError(error instanceof AclError ? linesOf(aclFile, error) : [unreadable(aclFile, error)])
  }
}

function linesOf(file: string, { faults }: AclError): ConfigFault[] {
  return faults.map((fault) => ({ file, key: '', ...fault }))
}

function unreadable(file: string, error: unknown): ConfigFault {
  const found = `a file that cannot be read: ${systemReason(error)}`
  const advice = 'check the path and who may read the file'
  return { file, line: null, column: null, key: 'access.aclFile', found, expected: "mosquitto's ACL file", advice }
}

/** Without the keys that are not there. */
function optionsOf(values: Omit<AccessValues, 'aclFile'>): AccessOptions {
  // zod has made sure of the shape, and says `undefined` where a key is left out.
  return JSON.parse(JSON.stringify(values)) as AccessOptions
}

function readTopic(value: unknown): Reading<string> {
  const fault = accessTopicFault(value)
  return fault === null && typeof value === 'string'
    ? { type: 'value', value }
    : { type: 'fault', ...(fault ?? { expected: 'a Topic Filter', advice: 'write it as a text' }) }
}

function readName(value: unknown, what: string): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value }
  const isPlain = typeof value === 'number' || typeof value === 'boolean'
  const advice = isPlain ? `put it in quotation marks: '${value}'` : 'write it as a text'
  return { type: 'fault', found: describeValue(value), expected: `the name of ${what}`, advice }
}

function readPath(directory: string, value: unknown): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value: resolve(directory, value) }
  return { type: 'fault', expected: 'the path of a file', advice: 'for example aclFile: mosquitto.acl' }
}
