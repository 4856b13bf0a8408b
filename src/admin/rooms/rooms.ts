/**
 * Every room of the HTTP API. Where two paths fit, the first one in this list is taken.
 */
import type { Room } from '../room.ts'
import { eventRooms } from './events.ts'
import { lookingRooms } from './looking.ts'
import { overviewRooms } from './overview.ts'
import { undeliveredRooms } from './undelivered.ts'

export const rooms: readonly Room[] = [...overviewRooms, ...lookingRooms, ...undeliveredRooms, ...eventRooms]
