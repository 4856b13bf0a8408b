/**
 * Every room of the HTTP API. Where two paths fit, the first one in this list is taken.
 */
import type { Room } from '../room.ts'
import { accessRooms } from './access.ts'
import { bannedRooms } from './banned.ts'
import { brokerRooms } from './broker.ts'
import { clientRooms } from './clients.ts'
import { eventRooms } from './events.ts'
import { healthRooms } from './health.ts'
import { lookingRooms } from './looking.ts'
import { overviewRooms } from './overview.ts'
import { publishingRooms } from './publishing.ts'
import { retainedRooms } from './retained.ts'
import { sessionMessageRooms } from './session-messages.ts'
import { subscribingRooms } from './subscribing.ts'
import { undeliveredRooms } from './undelivered.ts'

export const rooms: readonly Room[] = [
  ...healthRooms,
  ...overviewRooms,
  ...lookingRooms,
  ...clientRooms,
  ...bannedRooms,
  ...sessionMessageRooms,
  ...publishingRooms,
  ...subscribingRooms,
  ...retainedRooms,
  ...undeliveredRooms,
  ...eventRooms,
  ...brokerRooms,
  ...accessRooms,
]
