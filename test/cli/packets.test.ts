/**
 * What pub, sub and rr send for their flags: the same packets, with the same properties, as Debian's tools.
 */
import { after, before, test } from 'node:test'
import { startBroker, type TestBroker } from './broker.ts'
import { assertNoDifferences, compareAll, type GoldenCase } from './golden.ts'
import { makeLinks, runDebian, runLinkIn } from './tools.ts'

const links = makeLinks()
let broker: TestBroker

before(async () => {
  broker = await startBroker()
  await runDebian('pub', ['-h', '127.0.0.1', '-p', String(broker.port), '-r', '-t', 'kept', '-m', 'kept'])
})

after(async () => {
  links.remove()
  await broker.stop()
})

const usual = {
  pub: '-t TOPIC -m text -q 1 -d',
  sub: '-t TOPIC -U TOPIC/other -E -d',
  rr: '-t TOPIC -e TOPIC -m text -d',
} as const

/** Every line with all three tools. */
async function compareTools(lines: readonly string[], tools: readonly (keyof typeof usual)[]): Promise<void> {
  const cases = lines.flatMap((line) =>
    tools.map((tool): GoldenCase => {
      // Without its UNSUBACK sub may end before it has read all, and Debian's DISCONNECT is lost.
      const answerGroups = tool === 'sub' ? [2] : []
      return { tool, line: `OPEN ${usual[tool]} ${line.trim()}`, answerGroups, isCutOff: tool === 'sub' }
    }),
  )
  assertNoDifferences(await compareAll(cases, broker, runLinkIn(links.directory)))
}

const everyTool = ['pub', 'sub', 'rr'] as const

test('every property of CONNECT, of the will and of DISCONNECT is sent as the Debian tools send it', async () => {
  const lines = `-D connect session-expiry-interval 60
    -D connect receive-maximum 7 -D connect maximum-packet-size 5000 -D connect topic-alias-maximum 9
    -D connect request-problem-information 0
    -D connect request-problem-information 1 -D connect request-response-information 1
    -D connect user-property a b -D connect user-property a c
    --will-topic TOPIC/will -D will will-delay-interval 5 -D will message-expiry-interval 60
    --will-topic TOPIC/will --will-payload bye -D will payload-format-indicator 1 -D will content-type x
    --will-topic TOPIC/will --will-qos 2 -D will response-topic a/b -D will correlation-data c -D will user-property a b
    -D disconnect session-expiry-interval 0 -D disconnect user-property a b
    -D disconnect reason-string done -V 5`
  await compareTools(lines.split('\n'), everyTool)
})

test('every property of PUBLISH is sent as the Debian tools send it', async () => {
  const lines = `-D publish payload-format-indicator 1 -D publish message-expiry-interval 60 -D publish content-type x
    -D publish correlation-data c -D publish user-property a b -D publish user-property a c
    -D publish topic-alias 3`
  await compareTools(lines.split('\n'), ['pub', 'rr'])
  await compareTools(['-D publish response-topic a/b', '-D publish topic-alias 3 --repeat 2'], ['pub'])
})

test('every property of SUBSCRIBE and UNSUBSCRIBE is sent as the Debian tools send it', async () => {
  const lines = ['-D subscribe subscription-identifier 268435455', '-D subscribe user-property a b']
  await compareTools(lines, ['sub', 'rr'])
  await compareTools(['-D unsubscribe user-property a b -D unsubscribe user-property a c'], ['sub'])
})

test('identifiers, sessions, credentials and wills are sent as the Debian tools send them, in every version', async () => {
  const lines = `-i ID -c
    -u name
    -u name -P word
    -k 5
    --will-topic TOPIC/will
    --will-topic TOPIC/will --will-payload bye --will-qos 1 --will-retain
    -M 1`
  const versions = ['31', '311', '5'].flatMap((version) => lines.split('\n').map((line) => `${line} -V ${version}`))
  await compareTools(versions, everyTool)
  const more = ['-V 5 -i ID -x -1', '-V 5 -i ID -x 4294967295', '-V 5 -i ID -c -x 7', '-V 5 -x 0']
  await compareTools([...more, '-I prefix- -V 311', '-I prefix- -V 5'], everyTool)
})

test('sub asks for no more messages than it will print', async () => {
  const lines = ['-C 1', '-C 1 -q 1 -M 5', '-C 1 -D connect receive-maximum 9', '-C 1 --retained-only']
  const cases = lines.map((line): GoldenCase => ({ tool: 'sub', line: `OPEN -V 5 -t kept ${line}` }))
  assertNoDifferences(await compareAll(cases, broker, runLinkIn(links.directory)))
})
