/**
 * `$pabal/groups`: the shared groups.
 */
import { sharedGroups } from '../../core/query/shared-groups.ts'
import type { RequestHandler } from './request-handler.ts'

export const groups: RequestHandler = {
  permission: 'observe',
  fields: {},
  answer: ({ state }) => ({ facts: {}, list: { name: 'groups', rows: sharedGroups(state) } }),
}
