/**
 * The room in which events are told as they happen: server-sent events.
 */
import { z } from 'zod'
import type { BrokerEvent } from '../../core/event.ts'
import { eventTopicNames } from '../../core/event-topics.ts'
import { EventStream } from '../event-stream.ts'
import { problem } from '../problem.ts'
import { type Room, room } from '../room.ts'

const types = Object.entries(eventTopicNames).flatMap(([type, topicName]) => (topicName === null ? [] : [type]))

export const eventRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/events',
    isStream: true,
    tag: 'Broker',
    summary: 'Events as they happen, as server-sent events whose name is their type.',
    description:
      'A stream without end: `data` is JSON with `type`, `atMs` and the fields that docs/operating/events.md names. What a client does not read in time is left out and counted in an event `eventsLeftOut`.',
    scope: 'observe',
    query: {
      types: z
        .string()
        .optional()
        .describe(`Only these, with commas between them: ${types.join(', ')}`),
    },
    answers: { 200: { description: 'A stream of events', schema: null, contentType: 'text/event-stream' } },
    handle: (visit) => {
      const wanted = readTypes(visit.query.types)
      let leftOut = 0
      let stopWatching = (): void => {}
      const stream = new EventStream(visit, { ended: () => stopWatching() })
      stopWatching = visit.broker.watch((event, atMs) => {
        if (eventTopicNames[event.type] === null || wanted?.has(event.type) === false) return
        const omission: BrokerEvent = { type: 'eventsLeftOut', count: leftOut }
        if (leftOut > 0 && stream.send(omission, atMs)) leftOut = 0
        if (!stream.send(event, atMs)) leftOut += 1
      })
      return stream.response
    },
  }),
]

/** Null: all. @throws HttpProblem */
function readTypes(written: string | undefined): ReadonlySet<string> | null {
  if (written === undefined) return null
  const wanted = written.split(',').map((type) => type.trim())
  const unknown = wanted.find((type) => !types.includes(type))
  if (unknown === undefined) return new Set(wanted)
  const found = JSON.stringify(unknown.slice(0, 100))
  throw problem('bad-request', 'query.types', found, `some of ${types.join(', ')}`, 'correct it, or leave it out')
}
