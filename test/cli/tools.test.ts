/**
 * pub, sub and rr under the names of Debian's tools: the same standard output, standard error and exit code.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startBroker, type TestBroker } from './broker.ts'
import { assertNoDifferences, compareAll, type GoldenCase } from './golden.ts'
import { makeLinks, runDebian, runLinkIn } from './tools.ts'

const links = makeLinks()
const files = temporaryDirectory()
writeFileSync(join(files, 'text'), 'from a file\n')
writeFileSync(join(files, 'empty'), '')
let broker: TestBroker

before(async () => {
  broker = await startBroker()
  for (const name of ['one', 'two', 'three']) {
    await runDebian('pub', ['-h', '127.0.0.1', '-p', String(broker.port), '-r', '-t', `kept/${name}`, '-m', name])
  }
})

after(async () => {
  links.remove()
  await broker.stop()
})

async function compare(cases: readonly GoldenCase[]): Promise<void> {
  const options = { directory: files }
  const placed = cases.map((each) => ({ ...each, options }))
  assertNoDifferences(await compareAll(placed, broker, runLinkIn(links.directory)))
}

const versions = ['31', '311', '5'] as const

test('pub sends at every QoS with every version as the Debian tool does', async () => {
  await compare(
    versions.flatMap((version) =>
      [0, 1, 2].flatMap((qos): GoldenCase[] => [
        { tool: 'pub', line: `OPEN -V ${version} -q ${qos} -t TOPIC -m text -d -i ID` },
        { tool: 'pub', line: `OPEN -V ${version} -q ${qos} -t TOPIC -n -d` },
        {
          tool: 'pub',
          line: `OPEN -V ${version} -q ${qos} -t TOPIC -l -d -i ID`,
          input: 'one\ntwo\r\n\nthree',
          answerGroups: qos === 0 ? [] : [4],
        },
      ]),
    ),
  )
})

test('every source and form of a message gives what the Debian tool gives', async () => {
  const lines = `-t TOPIC -s
    -t TOPIC -f text
    -t TOPIC -f empty
    -t TOPIC -f missing
    -t TOPIC -f .
    -t TOPIC -f text -r -q 1
    -t TOPIC -m text --repeat 3 -q 1
    -t TOPIC -m text --repeat 2 --repeat-delay 0.05 -q 2
    -t TOPIC -t TOPIC/other -m text
    -t TOPIC -m text -I prefix-
    -t TOPIC -m text -V 31
    -t TOPIC -m text -c -i ID
    -t TOPIC -m text -c -x 5 -V 5 -i ID
    -t TOPIC -m text -V 5 -x 5
    -t TOPIC -m text -k 65535 -M 5 --nodelay
    -t TOPIC -m text -u name -P word
    -t TOPIC -m text -V 5 -P word
    -t TOPIC -m text --will-topic TOPIC/will --will-payload bye --will-qos 1 --will-retain
    -t TOPIC -m text --will-topic TOPIC/will -D will will-delay-interval 5
    -t TOPIC -m text -D publish topic-alias 5 --repeat 3 -q 1
    -t TOPIC -m text -D publish content-type x -D publish user-property a b -D publish correlation-data c -q 1
    -t TOPIC -m text -D connect user-property a b -D connect receive-maximum 1
    -t TOPIC -m text -D disconnect session-expiry-interval 5
    -t TOPIC -m text -D connect authentication-method unknown
    -t $SYS/TOPIC -m text -q 1 -V 5
    -t TOPIC -m text -A 127.0.0.1`.split('\n')
  const cases = lines.map((line): GoldenCase => ({ tool: 'pub', line: `OPEN ${line.trim()} -d` }))
  await compare([
    ...cases,
    { tool: 'pub', line: 'OPEN -t TOPIC -s -d', input: 'all of it\nat once' },
    { tool: 'pub', line: 'OPEN -t TOPIC -l -d -D publish topic-alias 5', input: 'a\nb' },
    { tool: 'pub', line: 'OPEN -t TOPIC -l -q 1 -V 5', input: 'line\n'.repeat(50) },
    { tool: 'pub', line: 'OPEN -m text -d -t', more: [''] },
    { tool: 'pub', line: 'OPEN -l -d -t', more: [''], input: 'a\nb' },
    { tool: 'pub', line: 'OPEN -t TOPIC -m text -i', more: [''] },
    { tool: 'pub', line: '--unix SOCKET -t TOPIC -m text -d' },
    { tool: 'pub', line: '-m text -d -L mqtt://name:word@127.0.0.1:PORT/of/url' },
  ])
})

test('sub subscribes, prints, counts and ends as the Debian tool does', async () => {
  const lines = `-t TOPIC -E -d -i ID
    -t TOPIC -t TOPIC/other -E -d -q 2
    -t TOPIC -E -d --quiet
    -t TOPIC -E -d -I prefix-
    -t TOPIC -E -d --retain-as-published -V 311
    -t TOPIC -E -d --retain-as-published -V 5 -D subscribe subscription-identifier 5
    -t TOPIC -E -d -c -i ID -q 1
    -t TOPIC -E -d -c -i ID -V 5 -x 60
    -t $share/group/TOPIC -E -d -V 5
    -t TOPIC -W 2
    -t TOPIC -W 2 -d -i ID -q 1 -V 5
    -t TOPIC -E -V 5 -D subscribe subscription-identifier 0 -d -i ID
    -t TOPIC -R --retained-only
    -t kept/one -C 1
    -t kept/one -C 1 -v
    -t kept/one -C 1 -v -N
    -t kept/one -C 1 -q 1 -d -i ID
    -t kept/one -C 1 -q 2 -d -i ID -V 5
    -t kept/one -R -W 2 -d
    -t kept/one -T kept/+ -W 2 -d
    -t kept/one -T kept -C 1
    -t kept/one -t kept/two --retained-only -C 2 -v
    -t kept/one -C 1 --nodelay -A 127.0.0.1 -k 5
    -t kept/one -C 1 -D connect maximum-packet-size 1000 -D connect topic-alias-maximum 10
    -t kept/one -C 1 -D disconnect user-property a b -d -i ID`.split('\n')
  const cases = lines.flatMap((line): GoldenCase[] => [{ tool: 'sub', line: `OPEN ${line.trim()}` }])
  const withVersions = versions.flatMap((version) =>
    ['-E -d -i ID', '-C 1 -v', '-C 1 -q 1 -d'].map((line): GoldenCase => {
      return { tool: 'sub', line: `OPEN -V ${version} -t kept/two ${line}`, answerGroups: [2], isCutOff: true }
    }),
  )
  await compare([
    ...cases,
    ...withVersions,
    {
      tool: 'sub',
      line: 'OPEN -t TOPIC -U TOPIC/other -U another -E -d -i ID -V 5',
      answerGroups: [3],
      isCutOff: true,
    },
    { tool: 'sub', line: 'OPEN -t kept/one -t kept/two -t kept/three -C 2 -v -d', answerGroups: [4], isCutOff: true },
    { tool: 'sub', line: 'OPEN -d -V 5 -i ID -E -t', more: [''] },
    { tool: 'sub', line: 'OPEN -t TOPIC -E -i', more: [''] },
    { tool: 'sub', line: '--unix SOCKET -t kept/one -C 1 -d' },
    { tool: 'sub', line: '-v -C 1 -d -L mqtt://name:word@127.0.0.1:PORT/kept/one' },
    { tool: 'sub', line: '-v -C 1 -d -L mqtt://127.0.0.1:PORT/kept/one -t kept/two -T kept/one' },
  ])
})

test('rr asks and prints the first answer as the Debian tool does', async () => {
  const lines = `-t TOPIC -e TOPIC -m text -v
    -t TOPIC -e TOPIC -m text -d -i ID -q 2 -v
    -t TOPIC -e TOPIC -n -v
    -t TOPIC -e TOPIC -n -N
    -t TOPIC -e TOPIC -s -v
    -t TOPIC -e TOPIC -f text -v
    -t TOPIC -e TOPIC -m text -V 311 -d
    -t TOPIC -e TOPIC -m text -V 31
    -t TOPIC -e TOPIC -m text -F %j
    -t TOPIC -e TOPIC -m text -F %J --pretty
    -t TOPIC -e TOPIC -m {"a":[1]} -F %J --pretty
    -t TOPIC -e TOPIC/other -m text -W 2 -d -i ID
    -t TOPIC -e TOPIC -m text -D publish response-topic x`.split('\n')
  await compare([
    ...lines.map((line): GoldenCase => ({ tool: 'rr', line: `OPEN ${line.trim()}` })),
    { tool: 'rr', line: 'OPEN -t TOPIC -e TOPIC -m text -d -i ID -q 1', answerGroups: [1, 2] },
    { tool: 'rr', line: 'OPEN -t TOPIC -e kept/one -m text -R -v', answerGroups: [2] },
    { tool: 'rr', line: '--unix SOCKET -t TOPIC -e TOPIC -m text -d -i ID' },
    { tool: 'rr', line: '-e of/url -m text -d -L mqtt://name:word@127.0.0.1:PORT/of/url' },
    { tool: 'rr', line: 'OPEN -t TOPIC -e TOPIC -m text -A 127.0.0.1 --nodelay -d' },
    { tool: 'rr', line: 'OPEN -t TOPIC -e kept/one -m text --retain-as-published -d', answerGroups: [2] },
    { tool: 'rr', line: 'OPEN -t TOPIC -e kept/one -m text -d -i ID -q 1 -V 311', answerGroups: [2] },
  ])
})

test('a message that comes live, at every QoS, is printed in every format as the Debian tool prints it', async () => {
  const properties = '-D publish content-type text/x -D publish correlation-data c -D publish user-property k v'
  const numbers = '-D publish payload-format-indicator 1'
  const format = '%A|%C|%D|%E|%F|%l|%m|%P|%p|%q|%R|%r|%S|%t|%x|%X|%%|%010m|%-6q|%3.1t|@@|\\\\|\\t'
  const lines = [0, 1, 2].flatMap((qos) => {
    const versions = [
      `-V 311 -q ${qos}`,
      `-q ${qos}`,
      `-q ${qos} ${properties} ${numbers} -D subscribe subscription-identifier 7`,
    ]
    return versions.flatMap((version) => [`${version} -F ${format}`, `${version} -F %j`, `${version} -F %J`])
  })
  await compare(
    lines.map((line): GoldenCase => {
      return {
        tool: 'rr',
        line: `OPEN -t TOPIC -e TOPIC -m {"a":1} ${line}`,
        answerGroups: line.includes('-q 1') ? [1, 2] : [],
      }
    }),
  )
})

test('what a server refuses is told in the words of the Debian tool', async () => {
  const lines = `pub -t open/TOPIC -m text -d -i ID
    pub -t open/TOPIC -m text --quiet
    pub -t open/TOPIC -m text -u someone -P wrong
    pub -t open/TOPIC -l
    sub -t open/TOPIC -E -d -i ID
    sub -t open/TOPIC -E --quiet
    rr -t open/TOPIC -e open/TOPIC -m text -d -i ID
    pub LOGIN -t open/TOPIC -m text -d -i ID -q 1
    pub LOGIN -t open/TOPIC -m text -d -i ID -q 2
    pub LOGIN -t open/TOPIC -m text -d -i ID -r
    pub LOGIN -t closed/TOPIC -m text -d -i ID -q 1
    pub LOGIN -t closed/TOPIC -m text -d -i ID -q 1 --repeat 2
    pub LOGIN -t open/TOPIC -m text --will-topic open/will --will-retain
    pub LOGIN -t open/TOPIC -m text --will-topic open/will --will-qos 2
    sub LOGIN -t closed/TOPIC -E -d -i ID
    sub LOGIN -t closed/TOPIC -t open/TOPIC -E -d -i ID -q 2
    rr LOGIN -t closed/TOPIC -e open/TOPIC -m text -d -i ID -W 2 -q 1`.split('\n')
  const cases = lines.flatMap((line) =>
    versions.map((version): GoldenCase => {
      const [tool = '', ...words] = line.trim().split(' ')
      if (tool !== 'pub' && tool !== 'sub' && tool !== 'rr') throw new Error(`no tool ${tool}`)
      const isCutOff = words[0] !== 'LOGIN'
      return { tool, line: `GUARDED -V ${version} ${words.join(' ')}`, input: 'a\nb', isCutOff }
    }),
  )
  const large = 'x'.repeat(300)
  await compare([
    ...cases,
    { tool: 'pub', line: 'GUARDED LOGIN -V 5 -q 1 -t open/TOPIC -d -i ID -m', more: [large] },
    { tool: 'pub', line: 'GUARDED LOGIN -V 5 -q 1 -t closed/TOPIC -d -i ID -l', input: 'a\nb\n', answerGroups: [2] },
    { tool: 'pub', line: 'GUARDED LOGIN -V 5 -q 2 -t open/TOPIC -d -i ID -l', input: 'a\nb\n' },
  ])
})

test('what cannot be connected to is told in the words of the Debian tool', async () => {
  const places = `-h 127.0.0.1 -p 1
    -h 127.0.0.1 -p 1 --quiet
    -h nobody.invalid
    -h 127.0.0.1 -p 1 -A 192.0.2.1
    -h 127.0.0.1 -p 1 -A nobody.invalid
    --unix /nonexistent/socket
    -p 0 -h /nonexistent/socket
    -h 127.0.0.1 -p 1 --proxy socks5h://127.0.0.1:1
    -h 127.0.0.1 -p 1 -P word
    -h 127.0.0.1 -p 1 -P word --quiet
    -h 127.0.0.1 -p 1 --cafile /nonexistent
    -h 127.0.0.1 -p 1 --tls-version x
    -h 127.0.0.1 -p 1 --tls-engine x
    -h 127.0.0.1 -p 1 --psk zz --psk-identity x
    -h 127.0.0.1 -p 1 --psk aa --psk-identity x
    -h 127.0.0.1 -p 1 --keyform x --key a --cert b
    -h 127.0.0.1 -p 1 --tls-use-os-certs --insecure --tls-alpn mqtt --tls-version tlsv1.2`.split('\n')
  await compare(
    places.flatMap((place): GoldenCase[] => [
      { tool: 'pub', line: `${place.trim()} -t TOPIC -m text` },
      { tool: 'sub', line: `${place.trim()} -t TOPIC` },
      { tool: 'rr', line: `${place.trim()} -t TOPIC -e TOPIC -m text` },
    ]),
  )
})

test('the version is told as the Debian tool tells it, and counts as failure', async () => {
  await compare((['pub', 'sub', 'rr'] as const).map((tool) => ({ tool, line: '-t a --version --bogus' })))
})
