/**
 * The values below `$SYS` beside those of the mosquitto that is installed: the same Topic Names, and values of the same form.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startMosquitto, stopProcess } from '../cli/broker.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWire, type WireClient } from '../support/wire-client.ts'
import { startBroker } from './broker.ts'

const last = '$SYS/broker/load/publish/sent/15min'

/** What a new Subscription gets at once: Topic Name to value. */
async function sysValues(url: string): Promise<Map<string, string>> {
  using client = await openWire(url, 4)
  await client.connect()
  await client.subscribe('$SYS/#', { qos: 0 })
  const values = new Map<string, string>()
  for (;;) {
    const { topicName, payload, retain } = await client.next('publish')
    assert.equal(retain, true, topicName)
    values.set(topicName, String(payload))
    if (await isOver(client, values)) return values
  }
}

/** Nothing more is on its way: PINGRESP is next. */
async function isOver(client: WireClient, values: Map<string, string>): Promise<boolean> {
  if (!values.has(last)) return false
  client.send({ type: 'pingreq' })
  for (;;) {
    const packet = await client.nextOf('publish', 'pingresp')
    if (packet.type === 'pingresp') return true
    if (packet.type === 'publish') values.set(packet.topicName, String(packet.payload))
  }
}

/** Digits are `9`: what is left is the form. */
function formOf(value: string): string {
  return value.replace(/\d+/g, '9').replace('mosquitto', 'pabal').replaceAll('9.9.9', '9')
}

test('every Topic Name that mosquitto publishes below $SYS is here, and its value has the same form', async () => {
  const mosquitto = await startMosquitto(temporaryDirectory(), 'sys', ['allow_anonymous true', 'sys_interval 1'])
  try {
    await using running = await startBroker()
    const theirs = await sysValues(`tcp://127.0.0.1:${mosquitto.port}`)
    const ours = await sysValues(running.tcpUrl)
    assert.ok(theirs.size > 50, 'mosquitto has told its values')
    for (const [topicName, value] of theirs) {
      const own = ours.get(topicName)
      assert.ok(own !== undefined, `${topicName} is missing here`)
      assert.equal(formOf(own), formOf(value), topicName)
    }
    // The maximum is theirs, too, from the first interval in which it grew; two are those of 2.1.
    const ownNames =
      /^\$SYS\/broker\/(?:undelivered\/|owed\/|(?:clients\/maximum|packet\/out\/bytes|connections\/socket\/count)$)/
    for (const topicName of ours.keys()) if (!theirs.has(topicName)) assert.match(topicName, ownNames)
  } finally {
    await stopProcess(mosquitto.process)
  }
})
