/**
 * The room in which events are told as they happen: server-sent events.
 */
import { z } from 'zod'
import type { BrokerEvent } from '../../core/event.ts'
import { eventTopicNames } from '../../core/event-topics.ts'
import type { BrokerAccess } from '../../server/admin-part.ts'
import { type Administration, eventStreamsMax } from '../administration.ts'
import { problem } from '../problem.ts'
import { type Room, room } from '../room.ts'

const types = Object.entries(eventTopicNames).flatMap(([type, topicName]) => (topicName === null ? [] : [type]))
const heartbeatMs = 15_000
/** What waits for a client that does not read; further events are counted and told of as `eventsLeftOut`. */
const waitingBytesMax = 1024 * 1024

export const eventRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/events',
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
    handle: ({ query, broker, administration, signal }) => {
      const wanted = readTypes(query.types)
      if (administration.eventStreams >= eventStreamsMax) {
        const found = `${eventStreamsMax} streams of events that are open`
        throw problem('unavailable', 'the broker', found, 'fewer', 'close one of them')
      }
      const body = eventStream(broker, administration, wanted, signal)
      const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
      return new Response(body, { headers })
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

function eventStream(
  broker: BrokerAccess,
  administration: Administration,
  wanted: ReadonlySet<string> | null,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  let end = (): void => {}
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        let leftOut = 0
        const send = (text: string): void => controller.enqueue(Buffer.from(text))
        const tell = (event: BrokerEvent, atMs: number): void => {
          if (eventTopicNames[event.type] === null || wanted?.has(event.type) === false) return
          if ((controller.desiredSize ?? 0) <= 0) {
            leftOut += 1
            return
          }
          if (leftOut > 0) send(eventText({ type: 'eventsLeftOut', count: leftOut }, atMs))
          leftOut = 0
          send(eventText(event, atMs))
        }
        const stopWatching = broker.watch(tell)
        const heartbeat = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) send(': still here\n\n')
        }, heartbeatMs)
        heartbeat.unref()
        administration.eventStreams += 1
        end = () => {
          end = () => {}
          stopWatching()
          clearInterval(heartbeat)
          administration.eventStreams -= 1
          signal.removeEventListener('abort', close)
        }
        const close = (): void => {
          end()
          controller.close()
        }
        signal.addEventListener('abort', close)
        send('retry: 2000\n: the broker tells what happens from now on\n\n')
      },
      cancel: () => end(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: waitingBytesMax }),
  )
}

/** JSON has no line ends of its own, so nothing a client has chosen can begin another event. */
function eventText(event: BrokerEvent, atMs: number): string {
  return `event: ${event.type}\ndata: ${JSON.stringify({ atMs, ...event })}\n\n`
}
