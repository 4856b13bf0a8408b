/**
 * A broker in which something happens of everything the dashboard shows.
 */
import type { BrokerOptions } from '../../src/index.ts'
import type { TestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

export const hostilePayload = '<img src=x onerror=alert(1)>'
export const hostileClient = '"><script>alert(2)</script>'

export const sceneOptions: BrokerOptions = {
  topics: [
    { filter: 'commands/+/restart', whenNobody: 'reject' },
    { filter: 'commands/#', whenNobody: 'hold' },
    { filter: 'orders/#', whenNobody: 'dead-letter', deadLetterTopicName: 'dead/orders' },
  ],
}

export interface Scene {
  readonly sensor: WireClient
  readonly kitchen: WireClient
}

/** Two who listen and one who is away, a shared group, a monitor; messages held, dead, rejected, unheard and retained. */
export async function playScene(at: TestBroker): Promise<Scene> {
  const away = await at.client(5, staying(5, 'printer'))
  await away.subscribe('kitchen/+/ticket', { qos: 1 })
  await at.lose(away)
  const kitchen = await at.client(5, staying(5, 'kitchen'))
  await kitchen.subscribe('kitchen/#', { qos: 1 })
  const hostile = await at.client(5, { clientIdentifier: hostileClient })
  await hostile.subscribe('$share/cooks/kitchen/+/ticket', { qos: 1 })
  const monitor = await at.client(4, { clientIdentifier: 'monitor' })
  await monitor.subscribe('#', { qos: 0 })
  const sensor = await at.client(5, { clientIdentifier: 'sensor-1' })
  for (const number of [1, 2, 3]) await say(sensor, `kitchen/${number}/ticket`, 'toast')
  await say(sensor, 'commands/pump/start', hostilePayload)
  await say(sensor, 'commands/pump/stop', JSON.stringify({ after: 5 }))
  await say(sensor, 'commands/pump/restart', '')
  await say(sensor, 'orders/new', '토스트 2개')
  await say(sensor, 'readings/cellar/temperature', '12.5')
  await say(sensor, 'status/door', 'open', true)
  const untilMs = Date.now() + 3_600_000
  await at.broker.bans.add({
    as: 'clientid',
    who: hostileClient.toUpperCase(),
    reason: hostilePayload,
    by: 'night-shift',
  })
  await at.broker.bans.add({ as: 'peerhost_net', who: '192.0.2.0/24', reason: '너무 많은 요청', untilMs })
  return { sensor, kitchen }
}

/** Publishes at QoS 1, and waits for the answer. */
export async function say(client: WireClient, topicName: string, text: string, retain = false): Promise<void> {
  client.publish({ topicName, payload: Buffer.from(text), qos: 1, packetId: 1, retain })
  await client.next('puback')
}
