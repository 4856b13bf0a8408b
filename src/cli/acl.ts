/**
 * `pabal acl test`: whether the access rules let a client do something, and which rule decides. Asks a running broker over MQTT, or
 * a configuration file.
 */
import { loadConfig } from '../server/config/config.ts'
import { ConfigError } from '../server/config/config-fault.ts'
import { testedAccessOf } from '../server/requests/access-test.ts'
import type { AccessTest, Subject } from '../server/requests/answer-types.ts'
import { RequestFault } from '../server/requests/request-fault.ts'
import { type AskFlags, askCommand } from './ask/ask-flags.ts'
import { accountText, clientText } from './ask/cell-text.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
ACTION is publish, subscribe, receive, observe or admin. USER is the account, usually the User Name; '' is whoever does not
log in. Nothing is done, and the client need not be there. The exit code is 0 if it is allowed, 16 if it is not or the rules
leave it to the permissions of accounts, 1 if there is no answer.

Examples:
  pabal acl test alice publish plant/1
  pabal acl test alice subscribe 'plant/#' --client sensor-7
  pabal acl test alice publish plant/1 --group operators
  pabal acl test '' receive menu --config pabal.yaml     asks the file, not a broker

It takes the permission "observe". The rules: docs/operating/configuration.md#access
`

const notAllowed = 16
const title = 'Pabal cannot test the access rules.'

interface AclFlags extends AskFlags {
  client?: string
  group?: string[]
  config?: string
  json?: boolean
}

export async function runAcl(argv: string[]): Promise<number> {
  const command = askCommand(
    'acl',
    'Says whether the access rules let a client do something, and which rule decides.',
    help,
  )
    .argument('<test>', 'the word test')
    .argument('<USER>', 'the account; empty for whoever does not log in')
    .argument('<ACTION>', 'publish, subscribe, receive, observe or admin')
    .argument('<TOPIC>', 'a Topic Name for publish and receive, else a Topic Filter')
    .option('--client <ID>', 'its Client Identifier, for rules with clients or %c')
    .option('--group <NAME...>', 'groups it comes with, for rules with groups that have no accounts of their own')
    .option('--config <FILE>', 'ask this configuration file instead of a broker')
    .option('--json', 'as JSON')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const [word, account = '', action = '', topic = ''] = command.args
  if (word !== 'test') {
    process.stderr.write(`pabal acl: there is no "${clientText(word ?? '')}", only: pabal acl test USER ACTION TOPIC\n`)
    return 1
  }
  const flags = command.opts<AclFlags>()
  const { client = '', group, config, json = false } = flags
  const tell = (answer: AccessTest): number => {
    process.stdout.write(json ? `${JSON.stringify(answer)}\n` : accessText(answer))
    return answer.allowed === true ? 0 : notAllowed
  }
  if (config !== undefined) {
    const who = { account, clientIdentifier: client, groups: group ?? [] }
    return inFile(config, who, action, topic, tell)
  }
  const groups = group === undefined ? {} : { groups: group.join(',') }
  return runAsk(title, flags, async (asker) => {
    const {
      type: _,
      atMs: __,
      ...answer
    } = await asker.ask('access-test', { account, client, ...groups, action, topic })
    // The broker sends what its own types say.
    return tell(answer as unknown as AccessTest)
  })
}

function inFile(
  file: string,
  who: Subject,
  action: string,
  topic: string,
  tell: (answer: AccessTest) => number,
): number {
  try {
    return tell(testedAccessOf(loadConfig(file).access, who, action, topic))
  } catch (error) {
    if (error instanceof RequestFault) {
      const { found, expected, advice } = error
      process.stderr.write(`${title}\n\n  found     ${found}\n  expected  ${expected}\n  do        ${advice}\n`)
    } else if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`)
    else throw error
    return 1
  }
}

function accessText({
  account,
  clientIdentifier,
  groups,
  action,
  topic,
  allowed,
  rule,
  except,
  reason,
}: AccessTest): string {
  const verdict = allowed === true ? 'Allowed' : allowed === false ? 'Denied' : 'Left open'
  const client = clientIdentifier === '' ? '' : ` as ${clientText(clientIdentifier)}`
  const inGroups = groups.length === 0 ? '' : ` in ${groups.map(clientText).join(', ')}`
  const lines = [
    `${verdict}: ${account === '' ? 'whoever does not log in' : accountText(account)}${client}${inGroups}, ${action} ${clientText(topic)}`,
    rule === null ? `  ${reason}` : `  by   ${clientText(rule)}`,
    ...except.map((each) => `  but  ${clientText(each)}`),
  ]
  return `${lines.join('\n')}\n`
}
