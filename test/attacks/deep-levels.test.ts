/**
 * RabbitMQ CVE-2021-22116, EMQX CVE-2021-33175, VerneMQ CVE-2021-33176, mosquitto CVE-2019-11779, aedes `maxTopicLevels`: Topic Names and
 * Topic Filters with as many levels as fit, where somebody walks along them: rules of access, rules for topics, paths of the HTTP API.
 * Those in packets are among the attacks.
 *
 * Against a process that takes 65,535 levels, so that nothing stops them before they are walked along.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { runPabal } from '../operating/pabal.ts'
import { StartedPabal } from '../operating/started-pabal.ts'
import { openWire, staying, type WireClient } from '../support/wire-client.ts'
import { logIn } from './admin-login.ts'

const slashes = '/'.repeat(32_767)
const limits = 'limits: {topicLevelsMax: 65535, topicBytesMax: 65535}\n'

async function started(configuration: string, files: Readonly<Record<string, string>> = {}): Promise<StartedPabal> {
  const pabal = new StartedPabal(['--config', 'pabal.yaml'], (directory) => {
    const whole = `listeners: [tcp://127.0.0.1:0]\ndurability: memory\nallowAnonymous: true\n${limits}${configuration}`
    writeFileSync(join(directory, 'pabal.yaml'), whole)
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  })
  await pabal.shown(/Stop with/)
  return pabal
}

/** Its Reason Code, and how many copies came back to the same client before it. */
async function publish(client: WireClient, topicName: string): Promise<string> {
  client.publish({ topicName, payload: Buffer.from('x'), qos: 1, packetId: 1 })
  client.send({ type: 'pingreq' })
  let code = -1
  let copies = 0
  for (let isOver = false; !isOver; ) {
    const packet = await client.nextOf('puback', 'publish', 'pingresp')
    if (packet.type === 'publish') {
      copies += 1
      assert.equal(packet.topicName, topicName)
      client.acknowledge('puback', packet.packetId)
    } else if (packet.type === 'puback') {
      code = packet.reasonCode
    }
    isOver = code >= 0 && packet.type === 'pingresp'
    if (!isOver && packet.type === 'pingresp') client.send({ type: 'pingreq' })
  }
  return `0x${code.toString(16)}, ${copies} copies`
}

const rules = `access: {rules: [{allow: [publish, subscribe], topics: ['a${slashes}', 'b/+${slashes}', 'own/%c${slashes}']}]}`
const acl = ['topic readwrite a', 'topic readwrite b/+', 'pattern readwrite own/%c'].map(
  (line) => `${line}${slashes}\n`,
)

for (const [where, configuration, files, wider] of [
  ['rules of ours', `admin: off\n${rules}\n`, {}, 0x87],
  // As in mosquitto everybody may subscribe, and it is asked who may read.
  ['an ACL file', 'admin: off\naccess: {aclFile: acl}\n', { acl: acl.join('') }, 1],
] as const) {
  test(`RabbitMQ CVE-2021-22116, mosquitto CVE-2019-11779: ${where} may have 32,767 levels, and so may what they are asked about`, async () => {
    await using pabal = await started(configuration, files)
    using client = await openWire(pabal.url, 5)
    await client.connect({ clientIdentifier: 'c' })
    for (const topic of ['a', 'b/x', 'own/c']) {
      assert.equal(await client.subscribe(topic + slashes, { qos: 1 }), 1, topic)
      assert.equal(await publish(client, topic + slashes), '0x0, 1 copies', topic)
      const more = `${topic}${slashes}/`
      assert.equal(await client.subscribe(more, { qos: 1 }), wider, `${topic}, a level more`)
      assert.equal(await publish(client, more), '0x87, 0 copies', `${topic}, a level more`)
    }
    for (const filter of [`own/d${slashes}`, `+${slashes}`, `a${slashes.slice(9)}/#`, `+${'/+'.repeat(32_767)}`]) {
      assert.equal(await client.subscribe(filter, { qos: 1 }), wider, filter.slice(0, 9))
    }
    assert.equal(await publish(client, `own/d${slashes}`), '0x87, 0 copies')
  })
}

test('RabbitMQ CVE-2021-22116, EMQX CVE-2021-33175: rules for topics may have 32,767 levels, and hold what was published there', async () => {
  await using pabal = await started(`admin: off\ntopics: [{filter: 'deep${slashes}', whenNobody: hold}]\n`)
  using client = await openWire(pabal.url, 5)
  await client.connect(staying(5, 'keeper'))
  assert.equal(await publish(client, `deep${slashes}`), '0x10, 0 copies')
  assert.equal(await client.subscribe(`deep${slashes}`), 2)
  assert.equal((await client.message()).topicName, `deep${slashes}`)
  const { stdout, exitCode } = await runPabal(pabal.url, 'who', `deep${slashes}`)
  assert.equal(exitCode, 0, stdout)
})

test('aedes maxTopicLevels, VerneMQ CVE-2021-33176: paths, parameters and bodies with as many levels as fit are answered, and nothing ends', async () => {
  await using pabal = await started('admin: http://127.0.0.1:0\n')
  const { url, headers } = await logIn(pabal.stdout)
  const login = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const statusOf = async (target: string, method = 'GET', body = ''): Promise<number> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const head = `Host: localhost\r\n${login.join('')}Content-Length: ${body.length}\r\nConnection: close`
    socket.write(`${method} ${target} HTTP/1.1\r\n${head}\r\n\r\n${body}`)
    const answer = await text(socket)
    return Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1])
  }
  // 16 KiB of headers is the most there may be.
  const fitting = '/'.repeat(16_000)
  const encoded = '%2F'.repeat(5000)
  const found: Record<string, number> = {}
  const wanted: Record<string, number> = {}
  for (const [target, expected] of [
    [slashes, 413],
    [`/api/v1${slashes}`, 413],
    [fitting, 404],
    [`/api/v1${fitting}`, 404],
    [`/api/v1/topics${fitting}listeners`, 404],
    [`/api/v1/topics/${encoded}/listeners`, 200],
    [`/api/v1/retainer/message/${encoded}`, 404],
    [`/api/v1/clients/${encoded}/subscriptions`, 200],
    [`/api/v1/topics?prefix=${encoded}`, 400],
    [`/api/v1/access/test?action=publish&topic=${encoded}`, 200],
    [`/${'a/../'.repeat(3000)}`, 404],
  ] as const) {
    const name = `${target.slice(0, 40)}… ${target.length}`
    found[name] = await statusOf(target)
    wanted[name] = expected
  }
  assert.deepEqual(found, wanted)
  const body = (topic: string): string => JSON.stringify({ topic, payload: 'x' })
  assert.equal(await statusOf('/api/v1/publish', 'POST', body(slashes)), 202)
  assert.equal(await statusOf('/api/v1/publish', 'POST', body(slashes.repeat(3))), 400)
  using client = await openWire(pabal.url, 5)
  assert.equal((await client.connect()).reasonCode, 0)
})
