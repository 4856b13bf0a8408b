import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Log } from './log.ts'
import type { LogLevel } from './log-options.ts'

/** What clients have tried to put into logs. */
const attacks = [
  'a\nb',
  'a\r\n{"level":"fatal","msg":"forged"}',
  'a\u2028b\u2029c\u0085d',
  '\u001b[2J\u001b]0;title\u0007',
  '\u009b31m red',
  '\u202egnp.exe',
  '\u200b\ufeff\u{e0041}',
  '\ud800 alone \udc00',
  '"},"admin":true,"x":{"',
  '\u0000',
]

function written(isHuman: boolean, level: LogLevel = 'debug') {
  const out: string[] = []
  const write = (text: string): void => void out.push(text)
  const sink = { write, writeLast: write, flush: () => Promise.resolve() }
  return { out, log: new Log({ level }, isHuman, sink, () => 1_700_000_000_000) }
}

/** Whatever may stand in a line is one line of it, without what a terminal obeys. */
function assertHarmless(text: string): void {
  assert.match(text, /^[^\n]*\n$/)
  assert.doesNotMatch(text.slice(0, -1), /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
}

test('whatever a client has chosen, a line is one line, and as JSON still says what it was', () => {
  for (const attack of attacks) {
    for (const isHuman of [false, true]) {
      const { out, log } = written(isHuman)
      log.say('warn', 'attacked', 'a test', { clientIdentifier: attack, nested: { [attack]: attack } })
      const [text = ''] = out
      assertHarmless(text)
      if (isHuman) continue
      const { level, time, event, msg, clientIdentifier, nested } = JSON.parse(text)
      assert.deepEqual([level, time, event, msg], ['warn', '2023-11-14T22:13:20.000Z', 'attacked', 'a test'])
      assert.equal(clientIdentifier, attack)
      assert.deepEqual(nested, { [attack]: attack })
    }
  }
})

test('no text at all breaks a line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.boolean(), (text, isHuman) => {
      const { out, log } = written(isHuman)
      log.say('info', 'said', 'a test', { text })
      assertHarmless(out.join(''))
      if (!isHuman) assert.equal(JSON.parse(out.join('')).text, text)
    }),
  )
})

test('a long text is cut, and its length told', () => {
  const { out, log } = written(false)
  log.say('info', 'said', 'a test', { text: 'x'.repeat(60_000) })
  assert.match(JSON.parse(out.join('')).text, /^x{256}… \(60,000 characters\)$/)
})

test('a level writes its own lines and those that are worse, but what is for the audit is always written', () => {
  const expected = { error: 'e', warn: 'ew', info: 'ewi', debug: 'ewid', silent: '' } as const
  for (const level of ['error', 'warn', 'info', 'debug', 'silent'] as const) {
    const { out, log } = written(false, level)
    for (const each of ['error', 'warn', 'info', 'debug'] as const) log.say(each, 'said', each[0] ?? '')
    log.audit({}, '!')
    assert.equal(out.map((line) => JSON.parse(line).msg).join(''), `${expected[level]}!`)
  }
})

test('the last line is written at whatever level, with all of the stack, behind what floods still had to say', () => {
  const stack = `Error: x\n${'    at somewhere (file.ts:1:1)\n'.repeat(50)}\u001b[2J12:00:00 error forged`
  for (const level of ['debug', 'silent'] as const) {
    for (const isHuman of [false, true]) {
      const { out, log } = written(isHuman, level)
      const line = { level: 'warn', event: 'refused', text: 'again', fields: {}, same: 'a' } as const
      for (let count = 0; count < 7; count++) log.tell(line)
      log.sayLast('crashed', 'it ends', { reason: 'x' }, stack)
      const said = out.join('').trimEnd().split('\n')
      const last = said.findIndex((each) => each.includes('it ends'))
      assert.equal(said.slice(0, last).filter((each) => each.includes('again')).length, level === 'silent' ? 0 : 6)
      if (isHuman) {
        assert.match(said[last] ?? '', /^\d\d:\d\d:\d\d fatal it ends {2}reason=x$/)
        assert.equal(said.length - last - 1, stack.split('\n').length)
        for (const each of said.slice(last + 1)) assert.match(each, /^ {4}[^\p{Cc}]+$/u)
      } else {
        assert.equal(last, said.length - 1)
        const { level: written, event, stack: told } = JSON.parse(said[last] ?? '')
        assert.deepEqual([written, event, told], ['fatal', 'crashed', stack])
      }
    }
  }
})

test('a line for people has the time of day, the level, what happened, and to whom', () => {
  const { out, log } = written(true)
  log.say('warn', 'refused', 'a connection was not let in', { reason: 'no such user', codes: [1, 'a b'] })
  assert.match(
    out.join(''),
    /^\d\d:\d\d:\d\d warn {2}a connection was not let in {2}reason="no such user" {2}codes=\[1, "a b"\]\n$/,
  )
})

test('lines left out are told of at the end', async () => {
  const { out, log } = written(false)
  for (let number = 0; number < 100; number++) {
    log.tell({ level: 'warn', event: 'refused', text: 'no', fields: { number }, same: 'x' })
  }
  assert.equal(out.length, 5)
  await log.close()
  assert.deepEqual(JSON.parse(out[5] ?? ''), {
    level: 'warn',
    time: '2023-11-14T22:13:20.000Z',
    event: 'refused',
    number: 99,
    leftOut: 95,
    msg: 'no: 95 more like this within 10 s',
  })
})
