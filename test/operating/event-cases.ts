/**
 * What leads to each event, and what it then says.
 */
import assert from 'node:assert/strict'
import type { BrokerOptions } from '../../src/index.ts'
import type { PublishFields } from '../../src/protocol/index.ts'
import type { TestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

export type Fields = Record<string, unknown>

export interface Case {
  readonly event: string
  readonly options?: BrokerOptions
  /** Leads to the event. What it returns is kept open. */
  readonly act: (running: TestBroker) => Promise<unknown>
  /** Fields with the values they must have; `anyText` stands for some. */
  readonly expected: Fields
}

export const anyText = Symbol('some text')
export const anyId = Symbol('a number from 1')
export const payload = Buffer.from('five!')
const named = { account: '', clientIdentifier: 'c' }
const from = { ...named, remoteAddress: anyText }
const message = {
  ...named,
  topicName: 'a/b',
  qos: 1,
  retain: false,
  size: 8,
  rule: '#',
  reason: null,
  messageId: anyId,
}
const sentCopy = { ...named, clientIdentifier: 'reader', topicName: 'a/b', qos: 1, size: 8, messageId: anyId }

export async function publishFrom(running: TestBroker, fields: Partial<PublishFields> = {}): Promise<WireClient> {
  const client = await running.client(5, { clientIdentifier: 'c' })
  client.publish({ topicName: 'a/b', payload, qos: 1, packetId: 1, ...fields })
  if (fields.qos === 0) await client.quiet()
  else await client.next('puback')
  return client
}

/** A reader whose Session stays and which is away. */
async function leaveReader(running: TestBroker, version: 4 | 5 = 5): Promise<void> {
  const reader = await running.client(version, staying(version, 'reader'))
  await reader.subscribe('a/b', { qos: 1 })
  await running.lose(reader)
}

export const cases: readonly Case[] = [
  {
    event: 'client/connected',
    act: (running) => running.client(5, { clientIdentifier: 'c' }),
    expected: { type: 'connected', ...from, protocolVersion: 5, sessionPresent: false },
  },
  {
    event: 'client/disconnected',
    act: async (running) => running.lose(await running.client(4, { clientIdentifier: 'c' })),
    expected: { type: 'disconnected', ...from, reasonCode: 0x80, reason: anyText },
  },
  {
    event: 'client/refused',
    options: {
      authenticate: ({ clientIdentifier }) => clientIdentifier !== 'c',
      permissions: { observe: ['watcher'] },
    },
    act: async (running) => {
      const client = await running.open(5)
      assert.equal((await client.connect({ clientIdentifier: 'c' })).reasonCode, 0x86)
    },
    expected: {
      type: 'refused',
      clientIdentifier: 'c',
      remoteAddress: anyText,
      reasonCode: 0x86,
      reason: 'User Name or Password is wrong',
    },
  },
  {
    event: 'client/subscribed',
    act: async (running) => {
      const client = await running.client(5, { clientIdentifier: 'c' })
      await client.subscribe('x/+', { qos: 1 })
      return client
    },
    expected: { type: 'subscribed', ...from, topicFilter: 'x/+', qos: 1, by: 'client' },
  },
  {
    event: 'client/unsubscribed',
    act: async (running) => {
      const client = await running.client(5, { clientIdentifier: 'c' })
      await client.subscribe('x/+', { qos: 1 })
      client.send({ type: 'unsubscribe', packetId: 9, topicFilters: ['x/+'], properties: {} })
      return client
    },
    expected: { type: 'unsubscribed', ...from, topicFilter: 'x/+', by: 'client' },
  },
  {
    event: 'session/purged',
    act: async (running) => {
      await leaveReader(running)
      await publishFrom(running)
      const operator = await running.client(5, { clientIdentifier: 'operator' })
      operator.publish({ topicName: '$pabal/session-purge/1', payload: Buffer.from('reader') })
      return operator
    },
    expected: { type: 'queuePurged', account: '', clientIdentifier: 'reader', messages: 1, bytes: 8 },
  },
  {
    event: 'session/created',
    act: (running) => running.client(5, staying(5, 'c')),
    expected: { type: 'sessionCreated', ...from, expiryInterval: 0xffff_ffff },
  },
  {
    event: 'session/taken-over',
    act: async (running) => {
      const first = await running.client(5, { clientIdentifier: 'c' })
      const second = await running.client(5, { clientIdentifier: 'c' })
      await first.refused(0x8e)
      return second
    },
    expected: { type: 'sessionTakenOver', ...from, formerRemoteAddress: anyText },
  },
  {
    event: 'session/wake',
    options: { topics: [{ filter: 'a/#', wake: true }] },
    act: async (running) => {
      await leaveReader(running, 4)
      return publishFrom(running)
    },
    expected: {
      type: 'wake',
      ...named,
      clientIdentifier: 'reader',
      topicName: 'a/b',
      backlogMessages: 1,
      backlogBytes: 8,
    },
  },
  {
    event: 'session/ended',
    act: async (running) => running.lose(await running.client(5, { clientIdentifier: 'c' })),
    expected: { type: 'sessionEnded', ...named, reason: 'connection-closed', messages: 0 },
  },
  {
    event: 'session/ended',
    act: async (running) => {
      await leaveReader(running)
      await publishFrom(running)
      return running.client(5, { clientIdentifier: 'reader', cleanStart: true })
    },
    expected: { type: 'sessionEnded', account: '', clientIdentifier: 'reader', reason: 'clean-start', messages: 1 },
  },
  {
    event: 'session/ended',
    act: async (running) => {
      const properties = { sessionExpiryInterval: 60 }
      await running.lose(await running.client(5, { clientIdentifier: 'c', properties }))
      running.advanceBy(61)
    },
    expected: { type: 'sessionEnded', ...named, reason: 'expired', messages: 0 },
  },
  {
    event: 'session/wake',
    options: { topics: [{ filter: 'a/#', wake: true }] },
    act: async (running) => {
      await leaveReader(running)
      return publishFrom(running)
    },
    expected: {
      type: 'wake',
      account: '',
      clientIdentifier: 'reader',
      topicName: 'a/b',
      backlogMessages: 1,
      backlogBytes: 8,
    },
  },
  {
    event: 'message/unmatched',
    act: (running) => publishFrom(running),
    expected: { type: 'messageUnmatched', ...message },
  },
  {
    event: 'message/held',
    options: { topics: [{ filter: 'a/#', whenNobody: 'hold' }] },
    act: (running) => publishFrom(running),
    expected: { type: 'messageHeld', ...message, rule: 'a/#' },
  },
  {
    event: 'message/dead-lettered',
    options: { topics: [{ filter: 'a/#', whenNobody: 'dead-letter' }] },
    act: (running) => publishFrom(running),
    expected: { type: 'messageDeadLettered', ...message, rule: 'a/#' },
  },
  {
    event: 'message/expired',
    options: { topics: [{ filter: 'a/#', whenNobody: 'hold', heldSecondsMax: 10 }] },
    act: async (running) => {
      const client = await publishFrom(running)
      running.advanceBy(11)
      return client
    },
    expected: { type: 'messageExpired', ...message, rule: 'a/#', reason: 'after 11 s' },
  },
  {
    event: 'message/dropped',
    options: { topics: [{ filter: 'a/#', whenNobody: 'hold', heldMessagesMax: 1 }] },
    act: async (running) => {
      await publishFrom(running)
      return publishFrom(running, { qos: 0 })
    },
    expected: { type: 'messageDropped', ...message, qos: 0, rule: 'a/#', reason: anyText },
  },
  {
    event: 'message/dropped',
    options: { topics: [{ filter: 'a/#', whenNobody: 'hold' }] },
    act: async (running) => {
      const client = await publishFrom(running)
      client.publish({ topicName: '$pabal/held-drop/1', payload: Buffer.from('{"all":true}') })
      return client
    },
    expected: { type: 'messageDropped', ...message, rule: 'a/#', reason: 'an operator gave it up after 0 s' },
  },
  {
    event: 'message/refused',
    options: { authorize: ({ action }) => action !== 'publish' },
    act: (running) => publishFrom(running),
    expected: { type: 'messageRefused', ...message, reason: 'publishing to this Topic Name is not allowed' },
  },
  {
    event: 'copy/dropped',
    options: { limits: { sessionQueueMessagesMax: 1 }, whenQueueFull: 'drop-newest' },
    act: async (running) => {
      await leaveReader(running)
      await publishFrom(running)
      return publishFrom(running)
    },
    expected: { type: 'copyDropped', ...sentCopy, reason: 'queue-full' },
  },
  {
    event: 'copy/dropped',
    options: { limits: { sessionQueueMessagesMax: 1 }, whenQueueFull: 'dead-letter' },
    act: async (running) => {
      await leaveReader(running)
      await publishFrom(running)
      return publishFrom(running)
    },
    expected: { type: 'copyDropped', ...sentCopy, reason: 'dead-lettered' },
  },
  {
    event: 'copy/dropped',
    act: async (running) => {
      await leaveReader(running)
      return publishFrom(running, { qos: 0 })
    },
    expected: { type: 'copyDropped', ...sentCopy, qos: 0, reason: 'offline' },
  },
  {
    event: 'copy/dropped',
    act: async (running) => {
      const properties = { maximumPacketSize: 100 }
      const reader = await running.client(5, { clientIdentifier: 'reader', properties })
      await reader.subscribe('a/b', { qos: 1 })
      return [reader, await publishFrom(running, { payload: Buffer.alloc(100) })]
    },
    expected: { type: 'copyDropped', ...sentCopy, size: 103, reason: 'too-large' },
  },
  {
    event: 'copy/dropped',
    act: async (running) => {
      await leaveReader(running)
      const client = await running.client(5, { clientIdentifier: 'c' })
      const properties = { messageExpiryInterval: 10 }
      client.publish({ topicName: 'a/b', payload, qos: 1, packetId: 1, properties })
      await client.next('puback')
      running.advanceBy(11)
      return [client, await running.client(5, staying(5, 'reader'))]
    },
    expected: { type: 'copyDropped', ...sentCopy, reason: 'expired' },
  },
  {
    event: 'overflow',
    options: { limits: { messageEventsPerSecondMax: 0 } },
    act: async (running) => {
      const client = await publishFrom(running)
      running.advanceBy(1)
      return client
    },
    expected: { type: 'eventsLeftOut', count: 1 },
  },
]
