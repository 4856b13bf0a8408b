/**
 * `pabal top`: once into a pipe, and live on a pseudo-terminal that `script` makes.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { pabal } from '../support/pabal-command.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const program = fileURLToPath(new URL('../../bin/pabal', import.meta.url))

/** One Topic Name with a listener, one without, one held message, and a queue of three for a client that is away. */
async function busyBroker(): Promise<TestBroker> {
  const topics = [{ filter: 'later/#', whenNobody: 'hold' }] as const
  const running = await startTestBroker({ store: new MemoryStore(true), topics })
  const away = { clientIdentifier: 'away\u001b[2J', properties: { sessionExpiryInterval: 100 } }
  using reader = await running.client(5, away)
  await reader.subscribe('read/#', { qos: 1 })
  await reader.leave()
  using publisher = await running.client(5)
  let packetId = 0
  for (const topicName of ['read/1', 'read/1', 'read/1', 'unread/\u202e', 'later/1']) {
    packetId += 1
    publisher.publish({ topicName, payload: Buffer.from('five!'), qos: 1, packetId })
    await publisher.next('puback')
  }
  await publisher.leave()
  return running
}

test('without a terminal it is printed once: sums, Topic Names, queues, and nothing that moves a cursor', async () => {
  await using running = await busyBroker()
  const { out, faults, code } = await pabal(running, 'top', '--interval', '0.3')
  assert.deepEqual([code, faults], [0, ''])
  assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  const [head, clients, messages, underWay, undelivered, sinceStart, , headings, ...rest] = out.trimEnd().split('\n')
  assert.match(head ?? '', /^Pabal at 127\.0\.0\.1:\d+ {3}\d{4}-.*Z {3}topics by rate$/)
  assert.equal(clients, 'Clients      1 connected, 2 Sessions')
  // Its own requests and their answers are no traffic.
  assert.match(messages ?? '', /^Messages {5}in 0\/s \([\d.]+ (?:Ki)?B\/s\) {3}out 0\/s \([\d.]+ (?:Ki)?B\/s\)$/)
  assert.equal(underWay, 'Under way    in flight 0   waiting 3   owed 0')
  assert.equal(undelivered, 'Undelivered  held 1 (12 B)   dead 0')
  assert.equal(sinceStart, 'Since start  nobody 1   refused 0   dropped 0   expired 0')
  assert.match(headings ?? '', /^TOPIC +A SECOND +MESSAGES +ONLINE +OFFLINE +LAST$/)
  assert.match(rest[0] ?? '', /^read\/1 +\S+ +3 +0 +1 +\d+ s$/)
  assert.match(rest.join('\n'), /^"unread\/\\u\{202e\}" +\S+ +1 +0 +0 +\d+ s, NOBODY LISTENS$/m)
  assert.match(rest.join('\n'), /\n\nCLIENT +ACCOUNT +WAITING +IN FLIGHT +CLIENT IS\n"away\\u001b\[2J" +- +3 \(33 B, /)
})

test('--json has all of it, with rates', async () => {
  await using running = await busyBroker()
  const { out, code } = await pabal(running, 'top', '--json', '--interval', '0.3')
  const { connections, sessions, held, copies, topics, backlogs, rates } = JSON.parse(out)
  assert.deepEqual([code, connections, sessions, held.messages, copies.queued], [0, 1, 2, 1, 3])
  assert.equal(topics[0].topic, 'read/1')
  assert.deepEqual([backlogs.length, backlogs[0].backlog.messages], [1, 3])
  assert.deepEqual([rates.received, rates.sent, rates.undelivered], [0, 0, 0])
})

test('what is asked for the top of a list has its bounds', async () => {
  await using running = await busyBroker()
  const client = await running.client(4)
  for (const [name, fields] of [
    ['clients', { backlogs: 1001 }],
    ['clients', { backlogs: 5, presence: 'online' }],
    ['topics', { busiest: 1001 }],
    ['topics', { busiest: 5, filter: 'a' }],
  ] as const) {
    await client.subscribe(`$pabal/${name}/1/reply`)
    client.publish({ topicName: `$pabal/${name}/1`, payload: Buffer.from(JSON.stringify(fields)) })
    assert.match(JSON.parse(String((await client.next('publish')).payload)).error.expected, /up to 1000, without/)
  }
})

test('it needs the permission to observe, and a broker', async () => {
  await using running = await startTestBroker({ authenticate: () => true })
  const refused = await pabal(running, 'top', '-u', 'somebody', '-P', 'x')
  assert.equal(refused.code, 1)
  assert.match(refused.faults, /^Pabal cannot show .*\n[\s\S]*permission "observe"/)
  const gone = await pabal({ url: 'tcp://127.0.0.1:1' }, 'top')
  assert.match(gone.faults, /Nothing listens there/)
})

/** `pabal top` on a terminal of 76 columns and 16 rows. */
class OnTerminal {
  readonly child
  readonly exited: Promise<number | null>
  shown = ''

  constructor({ url }: TestBroker) {
    const command = `stty cols 76 rows 16; tty; exec ${program} top -h 127.0.0.1 -p ${new URL(url).port} --interval 0.3`
    this.child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.shown += text
    })
    this.exited = once(this.child, 'close').then(([exitCode]) => exitCode)
  }

  /** Resolves when what comes from now on matches; what came up to there is forgotten. */
  async shows(pattern: RegExp): Promise<string> {
    for (let found = pattern.exec(this.shown); ; found = pattern.exec(this.shown)) {
      if (found !== null) {
        this.shown = this.shown.slice(found.index + found[0].length)
        return found[0]
      }
      const more = await Promise.race([once(this.child.stdout, 'data'), this.exited.then(() => null)])
      if (more === null) throw new Error(`it ended without ${pattern}: ${JSON.stringify(this.shown)}`)
    }
  }

  press(keys: string): void {
    this.child.stdin.write(keys)
  }
}

const control = '\u001b\\['
const skip = spawnSync('script', ['--version']).error === undefined ? false : 'no script (util-linux) here'

test('on a terminal it has a screen of its own, red where nobody listens, follows keys and size, and q leaves', {
  skip,
}, async () => {
  await using running = await busyBroker()
  const top = new OnTerminal(running)
  const tty = (await top.shows(/\/dev\/pts\/\d+/)).trim()
  await top.shows(new RegExp(`${control}\\?1049h${control}\\?25l${control}\\?7l`))
  await top.shows(/topics by rate/)
  await top.shows(new RegExp(`${control}31m"unread/[^\u001b]*NOBODY LISTEN`))
  const frame = await top.shows(new RegExp(`${control}H[\\s\\S]*?${control}J`))
  const lines = frame.replace(new RegExp(`${control}[\\d;?]*[A-Za-z]`, 'g'), '').split(/\r+\n/)
  assert.equal(lines.length, 16)
  for (const line of lines) assert.ok(line.length <= 76, line)
  top.press('l')
  await top.shows(/topics by listeners/)
  assert.match(await top.shows(/TOPIC[\s\S]*?read\/1/), /unread/)
  top.press('n')
  await top.shows(/topics by name/)
  execFileSync('stty', ['-F', tty, 'cols', '120', 'rows', '30'])
  await top.shows(new RegExp(`by name${control}0m${control}K\\r+\\n[\\s\\S]*q quits, topics by: .* n name${control}0m`))
  using publisher = await running.client(5)
  publisher.publish({ topicName: 'brand/new', payload: Buffer.from('x'), qos: 0 })
  await top.shows(/brand\/new/)
  top.press('q')
  await top.shows(new RegExp(`${control}\\?7h${control}\\?25h${control}\\?1049l`))
  assert.equal(await top.exited, 0)
})

test('Ctrl-C, and a broker that goes, leave the terminal as it was', { skip, timeout: 20_000 }, async () => {
  const running = await busyBroker()
  const first = new OnTerminal(running)
  await first.shows(/topics by rate/)
  first.press('\u0003')
  await first.shows(/\?1049l/)
  assert.equal(await first.exited, 0)
  const second = new OnTerminal(running)
  await second.shows(/topics by rate/)
  await running.broker.stop()
  await second.shows(/\?1049l[\s\S]*Pabal cannot show/)
  assert.equal(await second.exited, 1)
})
