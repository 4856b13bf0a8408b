/**
 * How the tools take what a server may answer: refusals, denials, farewells and silence, as Debian's tools take it.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { after, test } from 'node:test'
import type { Tool } from '../../src/cli/mosquitto/invocation.ts'
import { accept, closeConnection, type Step, startScriptedServer } from './scripted-server.ts'
import { makeLinks, normalise, type RunTool, runDebian, runLinkIn, runPabal, type ToolResult } from './tools.ts'

const links = makeLinks()
after(() => links.remove())
const runLink = runLinkIn(links.directory)

const usual: Readonly<Record<Tool, string>> = {
  pub: '-t a -m x -d -i z -q 1',
  sub: '-t a -d -i z',
  rr: '-t a -e b -m x -d -i z',
}

async function run(tool: RunTool, name: Tool, line: string, steps: readonly Step[]): Promise<ToolResult> {
  const server = await startScriptedServer(steps)
  try {
    const words = line.split(' ').filter((word) => word !== '')
    return normalise(await tool(name, ['-h', '127.0.0.1', '-p', String(server.port), ...words]))
  } finally {
    await server.close()
  }
}

async function compare(name: Tool, line: string, steps: readonly Step[]): Promise<void> {
  const [theirs, ours] = await Promise.all([run(runDebian, name, line, steps), run(runLink, name, line, steps)])
  assert.deepEqual(ours, theirs)
}

function farewell(code: string): Step {
  return (socket) => socket.end(Buffer.from(`e002${code}00`, 'hex'))
}

for (const tool of ['pub', 'sub', 'rr'] as const) {
  for (const code of ['01', '02', '03', '04', '05']) {
    test(`${tool} tells CONNACK with return code ${code} of 3.1.1 as the Debian tool does`, async () => {
      await compare(tool, `${usual[tool]} -V 311`, [`20 02 00 ${code}`])
    })
  }

  test(`${tool} tells CONNACK with every Reason Code of 5.0 as the Debian tool does`, async () => {
    const codes = '80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f'
    for (const code of codes.split(' ')) await compare(tool, `${usual[tool]} -V 5`, [`20 03 00 ${code} 00`])
  })

  test(`${tool} understands a server that refuses 5.0 in the shape of 3.1.1`, async () => {
    await compare(tool, `${usual[tool]} -V 5`, ['20 02 00 01'])
  })

  test(`${tool} ends at DISCONNECT from the server as the Debian tool does`, async () => {
    for (const code of ['8b', '8e']) await compare(tool, `${usual[tool]} -V 5`, [accept.v5, farewell(code)])
  })
}

for (const tool of ['pub', 'rr'] as const) {
  test(`${tool} ends when the connection is lost, before and after CONNACK, as the Debian tool does`, async () => {
    await compare(tool, `${usual[tool]} -V 311`, [closeConnection])
    await compare(tool, `${usual[tool]} -V 5`, [accept.v5, closeConnection])
  })
}

test('sub says when all its Subscriptions were denied, and ends', async () => {
  await compare('sub', usual.sub, [accept.v4, '90 03 00 01 80'])
  await compare('sub', `${usual.sub} --quiet`, [accept.v4, '90 03 00 01 80'])
  await compare('sub', `${usual.sub} -V 5`, [accept.v5, '90 04 00 01 00 87'])
  await compare('sub', `${usual.sub} -t b -W 2`, [accept.v4, '90 04 00 01 80 01'])
})

for (const [tool, flags] of [
  ['sub', ['-t', 'x'.repeat(14)]],
  ['rr', ['-t', 'a', '-m', 'x', '-e', 'x'.repeat(14)]],
] as const) {
  test(`${tool} ends when its Subscription makes a packet larger than the server takes`, async () => {
    const server = await startScriptedServer(['20 08 00 00 05 27 00 00 00 14'])
    const { stderr, code } = await runPabal([tool, '-h', '127.0.0.1', '-p', String(server.port), '-V', '5', ...flags])
    await server.close()
    assert.match(
      stderr,
      new RegExp(`^pabal ${tool}: this makes a packet of 22 bytes; the server takes 20 at most\nError: Packet larger`),
    )
    assert.equal(code, 25)
  })
}

test('rr says why its Subscription was denied, and ends', async () => {
  await compare('rr', `${usual.rr} -V 311`, [accept.v4, '90 03 00 01 80'])
  await compare('rr', `${usual.rr} -V 5`, [accept.v5, '90 04 00 01 00 87'])
})

test('pub warns of every message that is refused', async () => {
  await compare('pub', '-t a -m x -q 1 -V 5 --repeat 2', [accept.v5, '40 03 00 01 87', '40 03 00 02 97'])
  await compare('pub', '-t a -m x -q 2 -V 5 -d', [accept.v5, '50 03 00 01 87'])
  await compare('pub', '-t a -m x -q 2 -V 5 -d', [accept.v5, '50 03 00 01 10', '70 02 00 01'])
})

test('sub prints a QoS 2 message at its PUBREL and ends after the counted one', async () => {
  const line = `${usual.sub} -q 2 -C 1`
  await compare('sub', line, [accept.v4, '90 03 00 01 02 34 06 00 01 61 00 05 78', '62 02 00 05'])
  await compare('sub', line, [accept.v4, '90 03 00 01 02 32 06 00 01 61 00 05 78 32 06 00 01 61 00 06 79'])
})

test('sub --remove-retained sends an empty message for each retained one that -T lets through', async () => {
  const retained = '31 04 00 01 61 78'
  // Ended by -W: with -C 1 the Debian tool never ends, ours does once the removal is acknowledged.
  const line = `${usual.sub} --remove-retained -W 2`
  await compare('sub', line, [accept.v4, `90 03 00 01 00 ${retained}`, '40 02 00 02'])
  await compare('sub', `${line} -T a`, [accept.v4, `90 03 00 01 00 ${retained}`])
})

test('a Message Expiry Interval is printed as it came, by every form of %E', async () => {
  for (const seconds of ['00 00 00 3c', 'ff ff ff fe']) {
    const message = `30 0a 00 01 61 05 02 ${seconds} 78`
    await compare('sub', '-t a -V 5 -C 1 -F %E|%6E|%-6E|%06E|%j', [accept.v5, `90 04 00 01 00 00 ${message}`])
  }
})

test('a QoS 2 message that the server repeats is printed once', async () => {
  const twice = '34 06 00 01 61 00 05 78'
  const again = `3c ${twice.slice(3)}`
  const steps = [accept.v4, `90 03 00 01 02 ${twice}`, again, '62 02 00 05', '62 02 00 05 30 04 00 01 61 79']
  const { stdout, code } = await run(runLink, 'sub', '-t a -q 2 -C 2', steps)
  assert.deepEqual([stdout, code], ['x\ny\n', 0])
})

test('time that runs out before CONNACK ends sub with 255 and rr with 27', async () => {
  await compare('sub', '-t a -W 1', [])
  await compare('rr', '-t a -e b -m x -W 1', [])
})

test('sub that is told to stop before CONNACK ends with 255', async () => {
  let child: ChildProcess | null = null
  const server = await startScriptedServer([() => child?.kill('SIGTERM')])
  const onStart = (started: ChildProcess): void => {
    child = started
  }
  const result = await runLink('sub', ['-h', '127.0.0.1', '-p', String(server.port), '-t', 'a'], { onStart })
  await server.close()
  assert.deepEqual(result, { stdout: '', stderr: '', code: 255 })
})

test('a signal before CONNACK ends pub and rr by itself, as it does the Debian tools', async () => {
  for (const [tool, signal] of [
    ['pub', 'SIGTERM'],
    ['pub', 'SIGINT'],
    ['rr', 'SIGTERM'],
    ['rr', 'SIGINT'],
  ] as const) {
    for (const each of [runDebian, runLink])
      assert.deepEqual(await endBySignal(each, tool, signal), { stdout: '', stderr: '', code: signal })
  }
})

async function endBySignal(run: RunTool, tool: Tool, signal: NodeJS.Signals): Promise<ToolResult> {
  let child: ChildProcess | null = null
  const server = await startScriptedServer([() => child?.kill(signal)])
  const onStart = (started: ChildProcess): void => {
    child = started
  }
  const words = tool === 'pub' ? ['-t', 'a', '-m', 'x'] : ['-t', 'a', '-e', 'b', '-m', 'x']
  const result = await run(tool, ['-h', '127.0.0.1', '-p', String(server.port), ...words], { onStart })
  await server.close()
  return result
}

test('sub connects again every second after a loss, and subscribes again', async () => {
  const lost = [accept.v4, closeConnection]
  const [theirs, ours] = await Promise.all([
    run(runDebian, 'sub', `${usual.sub} -W 3`, lost),
    run(runLink, 'sub', `${usual.sub} -W 3`, lost),
  ])
  assert.deepEqual(ours, theirs)
  assert.match(ours.stdout, /SUBSCRIBE \(Mid: 1.*CONNECT.*SUBSCRIBE \(Mid: 2/s)
})

test('native mode says what a server that does not speak 5.0 needs', async () => {
  const server = await startScriptedServer(['20 02 00 01'])
  const result = await runPabal(['pub', '-h', '127.0.0.1', '-p', String(server.port), '-t', 'a', '-m', 'x'])
  await server.close()
  assert.equal(result.code, 132)
  assert.match(result.stderr, /pabal pub: the server does not speak MQTT 5\.0; try -V 311\n/)
})

test('native mode says why the server closed the connection, and ends with its Reason Code', async () => {
  const server = await startScriptedServer([accept.v5, farewell('8e')])
  const result = await runPabal(['sub', '-h', '127.0.0.1', '-p', String(server.port), '-t', 'a'])
  await server.close()
  assert.equal(result.stderr, 'pabal sub: the server closed the connection (0x8e Session taken over)\n')
  assert.equal(result.code, 0x8e)
})

test('a refused message is the exit code in native mode, with the reason the server gave', async () => {
  const reason = Buffer.from('no room').toString('hex')
  const server = await startScriptedServer([accept.v5, `40 0e 00 01 97 0a 1f 00 07 ${reason}`])
  const words = ['pub', '-h', '127.0.0.1', '-p', String(server.port), '-t', 'a', '-m', 'x', '-q', '1']
  const result = await runPabal(words)
  await server.close()
  assert.equal(result.stderr, 'Warning: Publish 1 failed: Quota exceeded.\npabal pub: the server says: no room\n')
  assert.equal(result.code, 0x97)
})

test('pub keeps no more messages in flight than the server receives', async () => {
  const server = await startScriptedServer(['20 06 00 00 03 21 00 01', '40 02 00 01', '40 02 00 02'])
  const words = ['-h', '127.0.0.1', '-p', String(server.port), '-t', 'a', '-l', '-q', '1', '-V', '5', '-d', '-i', 'z']
  const result = await runLink('pub', words, { input: 'one\ntwo\n' })
  await server.close()
  const order = [...result.stdout.matchAll(/(PUBLISH|PUBACK) \(.*?(?:m|Mid: )(\d)/g)].map((each) => each[1])
  assert.deepEqual(order, ['PUBLISH', 'PUBACK', 'PUBLISH', 'PUBACK'])
})

test('PUBREC, too, tells pub that nobody subscribes, and what became of the message', async () => {
  const [name, fate] = ['pabal-fate', 'held'].map((text) => {
    return `00 ${text.length.toString(16).padStart(2, '0')} ${Buffer.from(text).toString('hex')}`
  })
  const server = await startScriptedServer([accept.v5, `50 17 00 01 10 13 26 ${name} ${fate}`, '70 02 00 01'])
  const words = ['pub', '-h', '127.0.0.1', '-p', String(server.port), '-t', 'a', '-m', 'x', '-q', '2']
  const result = await runPabal([...words, '--require-subscribers'])
  await server.close()
  assert.equal(result.stderr, 'pabal pub: nobody subscribes to "a" (0x10 No matching subscribers; held)\n')
  assert.equal(result.code, 16)
})
