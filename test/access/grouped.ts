/**
 * Brokers whose clients say themselves, by Password or Authentication Data, which groups they are in.
 */
import {
  type AccessRuleOptions,
  accessRules,
  type BrokerOptions,
  type EnhancedAuthenticationMethod,
} from '../../src/index.ts'
import type { ConnectFields } from '../support/wire-client.ts'

export const groups = [{ name: 'ops' }, { name: 'guest' }, { name: 'listed', accounts: ['carol'] }]

/** The Password is the client's groups, with commas between them. */
export function grouped(rules: readonly AccessRuleOptions[], more: BrokerOptions = {}): BrokerOptions {
  return {
    listen: ['tcp://127.0.0.1:0'],
    authenticate: ({ password }) => ({
      type: 'accepted',
      groups: Buffer.from(password ?? [])
        .toString()
        .split(',')
        .filter((name) => name !== ''),
    }),
    access: accessRules({ rules, groups }),
    ...more,
  }
}

export function as(userName: string, ofGroups: string, more: ConnectFields = {}): ConnectFields {
  return { clientIdentifier: userName, userName, password: Buffer.from(ofGroups), ...more }
}

/** Each word is how many seconds it holds, and the groups behind it. */
export const renewable: EnhancedAuthenticationMethod = {
  name: 'renew',
  begin: () => ({
    step(data) {
      const [seconds, ...ofGroups] = Buffer.from(data ?? [])
        .toString()
        .split(' ')
      return { type: 'accepted', account: 'ann', expiresAtMs: Date.now() + Number(seconds) * 1000, groups: ofGroups }
    },
  }),
}
