/**
 * The programs in examples/ do what they say: each ends by itself, with exit code 0, and prints what is expected.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../examples/', import.meta.url))
const programs = readdirSync(folder).filter((name) => name.endsWith('.ts'))

/** Lines the program prints, in any order: between two clients the order is not promised. */
const expected: Record<string, RegExp[]> = {
  '01-embed.ts': [
    /^listening on tcp:\/\/127\.0\.0\.1:[1-9]\d*$/,
    /^the kitchen got "커피는 맥심" on 커피정보$/,
    /^the office got "커피는 맥심" on 커피정보$/,
    /^the first message matched 2 subscriptions$/,
    /^the second message matched 0 subscriptions$/,
    /^stopped$/,
  ],
  '02-authenticate.ts': [
    /^right came in as minji$/,
    /^wrong was refused: Connection refused: Bad User Name or Password$/i,
    /^anonymous was refused: Connection refused: Bad User Name or Password$/i,
    /^stopped$/,
  ],
  '03-authorize.ts': [
    /^subscribe to users\/minji\/#: allowed$/,
    /^subscribe to public\/news: allowed$/,
    /^subscribe to users\/jun\/#: Subscribe error: Not authorized$/,
    /^subscribe to #: Subscribe error: Not authorized$/,
    /^publish to users\/minji\/mood: allowed$/,
    /^publish to users\/jun\/mood: Publish error: Not authorized$/,
    /^publish to public\/news: Publish error: Not authorized$/,
    /^stopped$/,
  ],
  '04-nobody-listens.ts': [
    /^the broker noticed: nobody got home\/door$/,
    /^from code, nobody listens: Reason Code 0x10, matched 0$/,
    /^the broker noticed: nobody got home\/door$/,
    /^over MQTT, the PUBACK says 0x10$/,
    /^from code, somebody listens: Reason Code 0x00, matched 1$/,
    /^over MQTT, the PUBACK says 0x00$/,
    /^stopped$/,
  ],
  '05-reject.ts': [
    /^kitchen did not: Publish error: Implementation specific error$/,
    /^the monitor saw lights\/kitchen\/switch$/,
    /^kitchen got the command$/,
    /^garage did not: Publish error: Implementation specific error$/,
    /^stopped$/,
  ],
  '06-hold.ts': [
    /^"brightness 10" is kept, Reason Code 0x10$/,
    /^"brightness 20" is kept, Reason Code 0x10$/,
    /^"name hall" is kept, Reason Code 0x10$/,
    /^"name stairs" is not: publishing to "devices\/lamp-7\/settings" was refused: quota exceeded$/,
    /^lamp-7 got brightness 10, brightness 20, name hall$/,
    /^stopped$/,
  ],
  '07-http-client.ts': [
    /^attempt 1: no_matching_subscribers, held: true$/,
    /^attempt 2: no_matching_subscribers, held: true$/,
    /^nobody has received "two coffees" on orders\/7$/,
    /^kitchen has subscribed$/,
    /^released: 1; the kitchen got "two coffees"$/,
    /^listeners to orders\/8: 1$/,
    /^not-found: no Session of "bar"$/,
    /^stopped$/,
  ],
  '09-authorize-receive.ts': [
    /^hanna got news\/1: good morning$/,
    /^bob got news\/1: good morning$/,
    /^good morning: 2 may have it$/,
    /^hanna got hr\/1: a salary$/,
    /^a salary: 1 may have it$/,
    /^hanna got hr\/2: a farewell$/,
    /^bob got hr\/2: a farewell$/,
    /^a farewell: 2 may have it$/,
    /^stopped$/,
  ],
  '08-tracing.ts': [
    /^route of orders\/coffee: the broker, below receive$/,
    /^receive of orders\/coffee: waiter, below the publisher$/,
    /^deliver of orders\/coffee: kitchen, below receive$/,
    /^stopped$/,
  ],
}

interface Ended {
  exitCode: number | string | null
  stdout: string
  stderr: string
}

/** Runs a program to its end; one that hangs is killed and has no exit code. */
function run(program: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [folder + program], { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : (error.code ?? null), stdout, stderr })
    })
  })
}

test('every example is tested and in the list of examples/README.md', () => {
  const list = readFileSync(`${folder}README.md`, 'utf8')
  assert.deepEqual(Object.keys(expected).sort(), programs.sort())
  for (const program of programs) assert.ok(list.includes(`[${program}](${program})`), program)
})

for (const [program, lines] of Object.entries(expected)) {
  test(`examples/${program} prints what it promises and ends by itself`, async () => {
    const { exitCode, stdout, stderr } = await run(program)
    assert.equal(exitCode, 0, stderr)
    assert.equal(stderr, '')
    const left = stdout.trimEnd().split('\n')
    for (const line of lines) {
      const index = left.findIndex((printed) => line.test(printed))
      assert.ok(index >= 0, `no line ${line} in:\n${stdout}`)
      left.splice(index, 1)
    }
    assert.deepEqual(left, [])
  })
}
