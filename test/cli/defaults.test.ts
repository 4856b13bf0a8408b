/**
 * Files of default flags: read as Debian's tools read them, and ours besides.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startBroker, type TestBroker } from './broker.ts'
import { assertNoDifferences, compareAll, type GoldenCase } from './golden.ts'
import { makeLinks, runDebian, runLinkIn, runPabal } from './tools.ts'

const links = makeLinks()
const homes = temporaryDirectory()
let broker: TestBroker

before(async () => {
  broker = await startBroker()
  await runDebian('pub', ['-h', '127.0.0.1', '-p', String(broker.port), '-r', '-t', 'kept', '-m', 'kept'])
})

after(async () => {
  links.remove()
  await broker.stop()
})

let homeCount = 0

/** A home directory with these files in its `.config`. */
function makeHome(files: Readonly<Record<string, string>>): string {
  const home = join(homes, String(homeCount++))
  mkdirSync(join(home, '.config'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, '.config', name), text)
  return home
}

test('every form of a defaults file is read as the Debian tools read it', async () => {
  const texts = [
    '-i fromfile\n-q 2\n',
    '# -q 1\n\n   \n-i fromfile\n',
    '-i fromfile and more\n',
    '  -i fromfile\n',
    '-i  fromfile \n',
    '-i fromfile\r\n-q 2\r\n',
    '-i\tfromfile\n',
    '-q 2',
    '-q\n',
    '-q 7\n',
    '--bogus\n',
    'word\n',
    '-d -q 2\n',
    '-D publish content-type x\n',
    '-V 5\n-D connect user-property a b\n',
    '-i 커피fromfile\n',
    '',
    '--will-topic a/will\n--will-payload good bye\n-k 7\n-c\n-i fromfile\n',
  ]
  const cases = texts.flatMap((text, index): GoldenCase[] => {
    // An identifier of their own, or cases that run at the same time would take each other's Session.
    const textOf = (tool: string): string => text.replace('fromfile', `${tool}${index}`)
    const home = makeHome({ mosquitto_pub: textOf('pub'), mosquitto_sub: textOf('sub'), mosquitto_rr: textOf('rr') })
    const options = { environment: { HOME: home } }
    return [
      { tool: 'pub', line: 'OPEN -t TOPIC -m x -d', options },
      { tool: 'sub', line: 'OPEN -t kept -C 1 -d', options },
      { tool: 'rr', line: 'OPEN -t TOPIC -e TOPIC -m x -d', options },
    ]
  })
  assertNoDifferences(await compareAll(cases, broker, runLinkIn(links.directory)))
})

test('XDG_CONFIG_HOME goes before HOME, and what is typed before both', async () => {
  const home = makeHome({ mosquitto_pub: '-I home-prefix-\n-q 1\n' })
  const other = makeHome({ mosquitto_pub: '-I other-prefix-\n-q 2\n' })
  const environments = [
    { HOME: home, XDG_CONFIG_HOME: join(other, '.config') },
    { HOME: home, XDG_CONFIG_HOME: '' },
    { HOME: home, XDG_CONFIG_HOME: '/nonexistent' },
    { HOME: '', XDG_CONFIG_HOME: join(other, '.config') },
  ]
  const cases = environments.flatMap((environment): GoldenCase[] => [
    { tool: 'pub', line: 'OPEN -t TOPIC -m x -d', options: { environment } },
    { tool: 'pub', line: 'OPEN -t TOPIC -m x -d -I typed-prefix- -q 0', options: { environment } },
  ])
  assertNoDifferences(await compareAll(cases, broker, runLinkIn(links.directory)))
})

test('native mode reads its own file, or the one that -o names, or else that of the Debian tool', async () => {
  const place = `-h 127.0.0.1\n-p ${broker.port}\n`
  const environment = { HOME: makeHome({ pabal_sub: `${place}-v\n`, mosquitto_sub: `${place}-F theirs\n` }) }
  const theirs = { HOME: makeHome({ mosquitto_sub: `${place}-F theirs\n` }) }
  const named = join(homes, 'named')
  writeFileSync(named, `${place}-F named\n`)
  const words = ['sub', '-t', 'kept', '-C', '1']
  assert.equal((await runPabal(words, { environment })).stdout, 'kept kept\n')
  assert.equal((await runPabal(words, { environment: theirs })).stdout, 'theirs\n')
  assert.equal((await runPabal([...words, '-o', named], { environment })).stdout, 'named\n')
  const missing = await runPabal([...words, '-o', '/nonexistent/file'], { environment })
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /^Error: Unable to read the defaults file "\/nonexistent\/file": /)
})
