/**
 * What `pabal pub|sub|rr` do beyond Debian's tools, and how the command is called.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startBroker, type TestBroker } from './broker.ts'
import { accept, startScriptedServer } from './scripted-server.ts'
import { makeLinks, runDebian, runLinkIn, runPabal } from './tools.ts'

const links = makeLinks()
const runLink = runLinkIn(links.directory)
let broker: TestBroker
let place: readonly string[]

before(async () => {
  broker = await startBroker()
  place = ['-h', '127.0.0.1', '-p', String(broker.port)]
  await runDebian('pub', [...place, '-r', '-t', 'ready', '-m', 'ready'])
})

after(async () => {
  links.remove()
  await broker.stop()
})

test('pub says when nobody subscribes, and its exit code stays 0', async () => {
  const result = await runPabal(['pub', ...place, '-t', '커피정보', '-m', '커피는 맥심', '-q', '1'])
  const text = 'pabal pub: nobody subscribes to "커피정보" (0x10 No matching subscribers)\n'
  assert.equal(Buffer.from(result.stderr, 'latin1').toString(), text)
  assert.deepEqual([result.stdout, result.code], ['', 0])
})

test('pub says it once for many lines, and --quiet silences it', async () => {
  const words = ['pub', ...place, '-t', 'nobody', '-l', '-q', '1']
  assert.equal((await runPabal(words, { input: 'a\nb\nc\n' })).stderr.split('\n').length, 2)
  assert.equal((await runPabal([...words, '--quiet'], { input: 'a\nb\nc\n' })).stderr, '')
})

test('pub under the name of the Debian tool adds no line', async () => {
  const result = await runLink('pub', [...place, '-t', 'nobody', '-m', 'x', '-q', '1', '-V', '5'])
  assert.deepEqual(result, { stdout: '', stderr: '', code: 0 })
})

test('--require-subscribers makes the exit code 16 when nobody subscribes', async () => {
  const words = ['pub', ...place, '-t', 'nobody', '-m', 'x', '-q', '1', '--require-subscribers']
  assert.equal((await runPabal(words)).code, 16)
  const quiet = await runPabal([...words, '--quiet'])
  assert.deepEqual([quiet.code, quiet.stderr], [16, ''])
})

test('--require-subscribers is content with a Session that subscribes and is away', async () => {
  await runDebian('sub', [...place, '-t', 'somebody', '-q', '1', '-c', '-i', 'away', '-E'])
  const words = ['pub', ...place, '-t', 'somebody', '-m', 'x', '-q', '1', '--require-subscribers']
  assert.deepEqual(await runPabal(words), { stdout: '', stderr: '', code: 0 })
})

test('--require-subscribers refuses QoS 0 and versions that cannot tell', async () => {
  const words = ['pub', ...place, '-t', 'a', '-m', 'x', '--require-subscribers']
  const atQos0 = await runPabal(words)
  assert.equal(atQos0.code, 1)
  assert.match(atQos0.stderr, /--require-subscribers needs -q 1 or -q 2/)
  const before5 = await runPabal([...words, '-q', '1', '-V', '311'])
  assert.equal(before5.code, 1)
  assert.match(before5.stderr, /--require-subscribers needs MQTT 5\.0/)
})

test('what this server does not take is refused with words and an exit code', async () => {
  const guarded = ['-h', '127.0.0.1', '-p', String(broker.guardedPort), '-u', 'someone', '-P', 'secret']
  const send = (...words: string[]) => runPabal(['pub', ...guarded, '-t', 'open/a', ...words])
  const tooHigh = await send('-m', 'x', '-q', '2')
  assert.deepEqual([tooHigh.code, tooHigh.stderr], [1, 'pabal pub: the server takes messages at QoS 1 and below\n'])
  const tooLarge = await send('-m', 'x'.repeat(300))
  assert.equal(tooLarge.code, 1)
  assert.match(tooLarge.stderr, /a packet of \d+ bytes; the server takes 200 at most/)
  const retained = await send('-m', 'x', '-r')
  assert.deepEqual([retained.code, retained.stderr.includes('keeps no Retained Messages')], [0x9a, true])
})

test('a broker that is not there is told with what to do about it', async () => {
  const result = await runPabal(['sub', '-h', '127.0.0.1', '-p', '1', '-t', 'a'])
  assert.equal(result.code, 1)
  assert.match(result.stderr, /^Error: Connection refused\npabal sub: nothing listens at 127\.0\.0\.1:1; "pabal start"/)
})

test('sub prints messages of every QoS as they come', async () => {
  const words = ['sub', ...place, '-v', '-q', '2', '-t', 'live/#', '-t', 'ready']
  const send = async (): Promise<void> => {
    for (const qos of ['0', '1', '2']) {
      await runDebian('pub', [...place, '-t', 'live/x', '-m', `at ${qos}`, '-q', qos])
    }
  }
  const all = 'ready ready\nlive/x at 0\nlive/x at 1\nlive/x at 2\n'
  const result = await runPabal([...words, '-C', '4'], { whenPrinted: { text: 'ready ready', action: send } })
  assert.deepEqual([result.stdout, result.stderr, result.code], [all, '', 0])
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends sub with DISCONNECT and exit code 0`, async () => {
    const words = [...place, '-t', 'ready', '-d', '-i', `stopped-${signal}`]
    const whenPrinted = {
      text: 'ready\n',
      action: (child: ChildProcess): void => {
        child.kill(signal)
      },
    }
    const result = await runLink('sub', words, { whenPrinted: { ...whenPrinted, text: '\nready\n' } })
    assert.equal(result.code, 0)
    assert.match(result.stdout, /\nready\nClient stopped-\w+ sending DISCONNECT\n$/)
  })
}

test('sub ends when nobody reads its output any more', async () => {
  const whenPrinted = {
    text: 'ready',
    action: (child: ChildProcess): void => {
      child.stdout?.destroy()
      void runDebian('pub', [...place, '-t', 'flood', '-l', '-q', '1'], { input: 'line\n'.repeat(1000) })
    },
  }
  const result = await runPabal(['sub', ...place, '-t', 'flood', '-t', 'ready'], { whenPrinted })
  assert.deepEqual([result.stderr, result.code], ['', 0])
})

test('sub --remove-retained has the server forget what came, and ends', async () => {
  await runDebian('pub', [...place, '-r', '-t', 'forget/a', '-m', 'a'])
  await runDebian('pub', [...place, '-r', '-t', 'forget/b', '-m', 'b'])
  const words = ['sub', ...place, '-t', 'forget/#', '--remove-retained', '-C', '2', '-N']
  const result = await runPabal(words)
  assert.deepEqual([[...result.stdout].sort().join(''), result.code], ['ab', 0])
  const left = await runPabal(['sub', ...place, '-t', 'forget/#', '-t', 'ready', '-C', '1'])
  assert.equal(left.stdout, 'ready\n')
})

test('sub prints JSON in the shape of mosquitto 2.1 unless told otherwise', async () => {
  const words = ['sub', ...place, '-t', 'ready', '-C', '1', '-F', '%j']
  assert.match((await runPabal(words)).stdout, /"retain":true/)
  assert.match((await runPabal([...words, '--json-compat', '2.0'])).stdout, /"retain":1/)
})

test('--retain-handling asks for retained messages always, for a new Subscription only, or never', async () => {
  const optionsFor = async (handling: string): Promise<string | undefined> => {
    const words = ['sub', ...place, '-t', 'ready', '-E', '-d', '--retain-handling', handling]
    return /SUBSCRIBE \(.*Options: (0x..)\)/.exec((await runPabal(words)).stdout)?.[1]
  }
  assert.deepEqual(
    [await optionsFor('always'), await optionsFor('new'), await optionsFor('never')],
    ['0x00', '0x10', '0x20'],
  )
})

test('-w shows each topic on a line of the terminal, and is without effect elsewhere', async () => {
  const words = ['sub', ...place, '-t', 'ready', '-C', '1', '-v', '-w']
  assert.equal((await runPabal(words)).stdout, 'ready ready\n')
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  // The program `script` gives its command a terminal.
  const command = [process.execPath, main, ...words].map((word) => `'${word}'`).join(' ')
  const { stdout, status } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' })
  assert.deepEqual([stdout, status], ['\x1b[2J\x1b[1;1H\x1b[2Kready ready\x1b[2;1H', 0])
})

test('--random-filter prints so many of a hundred messages, and -C counts them all', async () => {
  const messages = '30 04 00 01 61 78 '.repeat(1000)
  const printed = async (chance: string) => {
    const server = await startScriptedServer([accept.v4, `90 03 00 01 00 ${messages}`])
    const words = ['-h', '127.0.0.1', '-p', String(server.port), '-t', 'a', '-C', '1000', '--random-filter', chance]
    const { stdout, code } = await runLink('sub', words)
    await server.close()
    assert.equal(code, 0)
    return stdout.length / 2
  }
  assert.equal(await printed('100'), 1000)
  const half = await printed('50')
  // Nine standard deviations to either side.
  assert.ok(half > 350 && half < 650, `${half} of 1000`)
})

test('-M is how many messages are on their way at most', async () => {
  const server = await startScriptedServer([accept.v5, '40 02 00 01', '40 02 00 02'])
  const words = ['-h', '127.0.0.1', '-p', String(server.port), '-t', 'a', '-l', '-q', '1', '-V', '5', '-d', '-M', '1']
  const { stdout } = await runLink('pub', words, { input: 'one\ntwo\n' })
  await server.close()
  const order = [...stdout.matchAll(/(PUBLISH|PUBACK) \(/g)].map((each) => each[1])
  assert.deepEqual(order, ['PUBLISH', 'PUBACK', 'PUBLISH', 'PUBACK'])
})

test('--message-rate counts messages in place of printing them', async () => {
  const words = ['sub', ...place, '-t', 'ready', '--message-rate', '-W', '2']
  const result = await runPabal(words)
  assert.match(result.stdout, /^1 messages\/s\n/)
  assert.equal(result.code, 27)
})

test('rr says when nobody could answer, sends what -f names, and tells how long the answer took', async () => {
  const alone = await runPabal(['rr', ...place, '-t', 'ask', '-e', 'answer', '-m', 'x', '-q', '1', '-W', '1'])
  assert.match(alone.stderr, /^pabal rr: nobody subscribes to "ask" .*\nTimed out\n$/)
  assert.equal(alone.code, 27)
  const echo = ['rr', ...place, '-t', 'echo', '-e', 'echo', '-s', '--latency']
  const answered = await runPabal(echo, { input: 'from standard input' })
  assert.deepEqual([answered.stdout, answered.code], ['from standard input\n', 0])
  assert.match(answered.stderr, /^pabal rr: answered after \d+\.\d{3} ms\n$/)
})

test('a defaults file gives what is not typed', async () => {
  const home = temporaryDirectory()
  mkdirSync(join(home, '.config'))
  writeFileSync(join(home, '.config', 'pabal_sub'), `-h 127.0.0.1\n-p ${broker.port}\n-t ready\n`)
  const result = await runPabal(['sub', '-C', '1'], { environment: { HOME: home } })
  assert.deepEqual(result, { stdout: 'ready\n', stderr: '', code: 0 })
})

test('a message that is no text reaches the server byte for byte', async () => {
  // Through a shell: Node itself would hand over text.
  const words = [...place, '-r', '-t', 'bytes', '-m']
  const main = join(links.directory, 'mosquitto_pub')
  const script = `exec "$0" "$@" "$(printf '\\377\\376a')"`
  const sent = spawnSync('/bin/sh', ['-c', script, process.execPath, main, ...words], { encoding: 'latin1' })
  assert.deepEqual([sent.status, sent.stderr], [0, ''])
  assert.equal((await runDebian('sub', [...place, '-t', 'bytes', '-C', '1'])).stdout, '\xff\xfea\n')
})

test('sub prints a payload that is a number, and tells of one that is not', async () => {
  const number = Buffer.alloc(8)
  number.writeDoubleLE(-273.15)
  await runDebian('pub', [...place, '-r', '-t', 'number/a', '-s'], { input: number })
  const words = ['sub', ...place, '-C', '1', '-F', '%t %09.2d']
  const printed = await runPabal([...words, '-t', 'number/a'])
  assert.deepEqual(printed, { stdout: 'number/a -00273.15\n', stderr: '', code: 0 })
  const text = 'Error: Message payload has 5 bytes, not the 8 of %d on topic ready.\n'
  assert.deepEqual(await runPabal([...words, '-t', 'ready']), { stdout: 'ready \n', stderr: text, code: 0 })
  assert.equal((await runPabal([...words, '-t', 'ready', '--quiet'])).stderr, '')
})

test('the command is chosen by the name it was called by, also when a launcher hands that name on', async () => {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  symlinkSync(main, join(links.directory, 'anything'))
  const asTool = await runPabal(['--version'], { environment: { PABAL_INVOKED_AS: 'mosquitto_sub' } })
  assert.match(asTool.stdout, /^mosquitto_sub version /)
  const asPabal = await runPabal(['--version'], { environment: { PABAL_INVOKED_AS: 'pabal' } })
  assert.match(asPabal.stdout, /^pabal \d/)
})

test('help lists the verbs, and each verb its flags', async () => {
  const overview = await runPabal([])
  assert.equal(overview.code, 0)
  for (const verb of ['start', 'pub', 'sub', 'rr', 'inspect', 'backup', 'restore', 'repair', 'help'])
    assert.match(overview.stdout, new RegExp(`pabal ${verb}\\b`))
  const help = await runPabal(['help', 'pub'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /--require-subscribers/)
  assert.equal((await runPabal(['pub', '--help'])).stdout, help.stdout)
  assert.match((await runPabal(['help', 'start'])).stdout, /--listen/)
})

test('a verb that does not exist is refused with the one that was probably meant, and where all of them are', async () => {
  const cases = [
    [['publish'], '"publish"', ' Did you mean pabal pub?'],
    [['help', 'clinets'], '"clinets"', ' Did you mean pabal clients?'],
    [['status'], '"status"', ' Did you mean pabal check?'],
    [['constructor'], '"constructor"', ''],
    [['\u001b[2J'], '"\\u001b[2J"', ''],
  ] as const
  for (const [words, name, advice] of cases) {
    const stderr = `pabal: there is no verb ${name}.${advice}\nAll verbs: pabal help\n`
    assert.deepEqual(await runPabal(words), { stdout: '', stderr, code: 1 })
  }
})

test('the version is told however it is asked for', async () => {
  for (const word of ['--version', '-V', 'version'])
    assert.match((await runPabal([word])).stdout, /^pabal \d+\.\d+\.\d+\n$/)
})

test('pub without a message says so in a line, and not above all of its flags', async () => {
  const stderr = "Error: Both topic and message must be supplied.\n\nUse 'pabal pub --help' to see usage.\n"
  assert.deepEqual(await runPabal(['pub', '-t', 'a']), { stdout: '', stderr, code: 1 })
})

test('a flag that does not exist is refused with where help is', async () => {
  const result = await runPabal(['pub', '--bogus'])
  assert.deepEqual(result, {
    stdout: '',
    stderr: "Error: Unknown option '--bogus'.\n\nUse 'pabal pub --help' to see usage.\n",
    code: 1,
  })
})
