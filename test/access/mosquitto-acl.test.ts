/**
 * Random ACL files, held against Debian's mosquitto: more than 1,000 triples of file, user and Topic Name, each asked whether it may
 * be published to and whether it is delivered.
 *
 * One mosquitto per file: every user publishes to every Topic Name and reads the Reason Codes, and then somebody who may write
 * everything publishes to all of them while every user subscribes to each by its name.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AccessRules } from '../../src/core/access/access-rules.ts'
import { mosquittoAcl } from '../../src/server/access/mosquitto-acl.ts'
import { type Chance, makeChance, pick } from '../support/chance.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWire, type WireClient } from '../support/wire-client.ts'
import { freePort } from './free-port.ts'

const directory = temporaryDirectory()

const files = 15
const levels = ['a', 'b', 'ann', 'c1', '']
/** The last one did not log in. */
const users = ['ann', 'bob', 'eve', '']

function topicNameOf(chance: Chance): string {
  const made = Array.from({ length: 1 + chance(3) }, () => pick(chance, levels)).join('/')
  return made === '' ? 'a' : made
}

function lineOf(chance: Chance): string {
  const word = pick(chance, ['topic', 'topic', 'pattern'])
  const inPattern = word === 'pattern' ? ['%u', '%c'] : []
  const filter = Array.from({ length: 1 + chance(2) }, () => pick(chance, [...levels, '+', '+', '+', ...inPattern]))
  if (chance(2) === 0) filter.push('#')
  const access = pick(chance, ['', 'read ', 'write ', 'readwrite ', 'deny '])
  const text = filter.join('/')
  return `${word} ${access}${text === '' ? '+' : text}`
}

function fileOf(chance: Chance): string {
  const lines = Array.from({ length: 4 + chance(10) }, () =>
    chance(4) === 0 ? `user ${pick(chance, ['ann', 'bob'])}` : lineOf(chance),
  )
  return [...lines, 'user probe', 'topic write #'].join('\n')
}

class Mosquitto implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly url: string

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.url = `tcp://127.0.0.1:${port}`
  }

  static async start(acl: string): Promise<Mosquitto> {
    const port = await freePort()
    const [conf, file] = ['conf', 'acl'].map((name) => join(directory, name))
    writeFileSync(file ?? '', acl)
    writeFileSync(conf ?? '', `listener ${port} 127.0.0.1\nallow_anonymous true\nacl_file ${file}\nuser root\n`)
    const child = spawn('mosquitto', ['-c', conf ?? ''], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const ended = once(child, 'close').then(() => assert.fail(said))
    while (!said.includes(' running')) await Promise.race([once(child.stderr ?? child, 'data'), ended])
    ended.catch(() => {})
    return new Mosquitto(child, port)
  }

  async client(userName: string, clientIdentifier: string): Promise<WireClient> {
    const client = await openWire(this.url, 5)
    const { reasonCode } = await client.connect({ clientIdentifier, userName: userName === '' ? null : userName })
    assert.equal(reasonCode, 0)
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    await once(this.#child, 'close')
  }
}

/** Topic Names that may be published to, by the Reason Codes of PUBACK. */
async function writable(client: WireClient, topicNames: readonly string[]): Promise<Set<string>> {
  for (const [index, topicName] of topicNames.entries()) {
    client.publish({ topicName, qos: 1, packetId: index + 1, payload: Buffer.from('x') })
  }
  const allowed = new Set<string>()
  for (let answers = 0; answers < topicNames.length; answers++) {
    const { packetId, reasonCode } = await client.next('puback')
    if (reasonCode < 0x80) allowed.add(topicNames[packetId - 1] ?? '')
  }
  return allowed
}

async function delivered(client: WireClient): Promise<Set<string>> {
  const names = new Set<string>()
  client.send({ type: 'pingreq' })
  for (;;) {
    const packet = await client.nextOf('publish', 'pingresp')
    if (packet.type === 'pingresp') return names
    if (packet.type === 'publish') names.add(packet.topicName)
  }
}

test('random triples of file, user and Topic Name agree with mosquitto', { timeout: 60_000 }, async () => {
  let compared = 0
  const allowed = { publish: 0, receive: 0 }
  for (let seed = 1; seed <= files; seed++) {
    const chance = makeChance(seed)
    const acl = fileOf(chance)
    const topicNames = [...new Set(Array.from({ length: 30 }, () => topicNameOf(chance)))]
    const access = new AccessRules(mosquittoAcl(acl))
    await using mosquitto = await Mosquitto.start(acl)
    const probe = await mosquitto.client('probe', 'probe')
    const clients = new Map<string, WireClient>()
    const mayWrite = new Map<string, Set<string>>()
    for (const [index, user] of users.entries()) {
      const client = await mosquitto.client(user, `c${index + 1}`)
      mayWrite.set(user, await writable(client, topicNames))
      for (const topicName of topicNames) assert.equal(await client.subscribe(topicName, { qos: 0 }), 0)
      clients.set(user, client)
    }
    await writable(probe, topicNames)
    for (const [index, user] of users.entries()) {
      const client = clients.get(user)
      assert.ok(client)
      const got = await delivered(client)
      const who = { account: user, clientIdentifier: `c${index + 1}` }
      for (const topicName of topicNames) {
        const place = `seed ${seed}, user "${user}", ${topicName}\n${acl}`
        assert.equal(
          access.decide(who, 'publish', topicName).allowed,
          mayWrite.get(user)?.has(topicName),
          `write: ${place}`,
        )
        assert.equal(access.decide(who, 'receive', topicName).allowed, got.has(topicName), `read: ${place}`)
        compared += 1
        if (got.has(topicName)) allowed.receive += 1
        if (mayWrite.get(user)?.has(topicName)) allowed.publish += 1
      }
    }
  }
  assert.ok(compared >= 1000, `${compared} triples`)
  for (const count of Object.values(allowed))
    assert.ok(count > compared / 10 && count < compared * 0.9, `${count} allowed`)
})
