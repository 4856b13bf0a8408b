#!/usr/bin/env node
/**
 * The `pabal` command. Called by the name of one of Debian's tools it is that tool, otherwise the first argument is a verb.
 *
 * Each verb is loaded when it is called for, so that a short one starts fast.
 */
import { basename } from 'node:path'
import { keepWhatIsCompiled } from './compile-cache.ts'
import { dropInInvocation, nativeInvocation, type Tool } from './mosquitto/invocation.ts'
import { flushOutput } from './mosquitto/tool-output.ts'

interface Verb {
  readonly summary: string
  readonly run: (argv: string[]) => Promise<number>
}

const verbs: Readonly<Record<string, Verb>> = {
  start: { summary: 'start a broker', run: async (argv) => (await import('./start.ts')).runStart(argv) },
  pub: { summary: 'send a message', run: (argv) => runTool('pub', argv, false) },
  sub: { summary: 'print the messages that come', run: (argv) => runTool('sub', argv, false) },
  rr: { summary: 'send a request and print the answer', run: (argv) => runTool('rr', argv, false) },
  who: {
    summary: 'say who listens to a Topic Name',
    run: async (argv) => (await import('./who.ts')).runWho(argv),
  },
  clients: {
    summary: 'list the Sessions of all clients',
    run: async (argv) => (await import('./clients.ts')).runClients(argv),
  },
  session: {
    summary: 'say what the broker knows of one client',
    run: async (argv) => (await import('./session.ts')).runSession(argv),
  },
  subs: {
    summary: 'list every Subscription',
    run: async (argv) => (await import('./subs.ts')).runSubs(argv),
  },
  topics: {
    summary: 'list the Topic Names messages came in on',
    run: async (argv) => (await import('./topics.ts')).runTopics(argv),
  },
  top: {
    summary: 'show what the broker is doing, live',
    run: async (argv) => (await import('./top.ts')).runTop(argv),
  },
  held: {
    summary: 'what is held until somebody listens',
    run: async (argv) => (await import('./held.ts')).runHeld(argv),
  },
  dead: { summary: 'messages nobody had', run: async (argv) => (await import('./held.ts')).runDead(argv) },
  ledger: {
    summary: 'what became of every message and copy, and whether it adds up',
    run: async (argv) => (await import('./ledger.ts')).runLedger(argv),
  },
  trace: {
    summary: 'what happens to the messages of a Topic Filter',
    run: async (argv) => (await import('./trace.ts')).runTrace(argv),
  },
  'check-config': {
    summary: 'say what is wrong with a configuration, or what is in force',
    run: async (argv) => (await import('./check-config.ts')).runCheckConfig(argv),
  },
  import: {
    summary: 'make a configuration of that of mosquitto',
    run: async (argv) => (await import('./import.ts')).runImport(argv),
  },
  acl: {
    summary: 'say whether the access rules let a client do something',
    run: async (argv) => (await import('./acl.ts')).runAcl(argv),
  },
  ban: {
    summary: 'say who may not connect, ban somebody, lift a ban',
    run: async (argv) => (await import('./ban.ts')).runBan(argv),
  },
  passwd: {
    summary: 'make or change a password file',
    run: async (argv) => (await import('./passwd.ts')).runPasswd(argv),
  },
  check: {
    summary: 'say to monitoring how the broker is',
    run: async (argv) => (await import('./check.ts')).runCheck(argv),
  },
  doctor: {
    summary: 'say whether this machine is fit for the broker',
    run: async (argv) => (await import('./doctor.ts')).runDoctor(argv),
  },
  bench: {
    summary: 'put load on a broker, and say how it bore it',
    run: async (argv) => (await import('./bench.ts')).runBench(argv),
  },
  inspect: {
    summary: 'say what is at rest: Sessions, queues, records',
    run: async (argv) => (await import('./inspect.ts')).runInspect(argv),
  },
  backup: {
    summary: 'copy a data directory into one file',
    run: async (argv) => (await import('./backup.ts')).runBackup(argv),
  },
  restore: {
    summary: 'make a backup a data directory again',
    run: async (argv) => (await import('./restore.ts')).runRestore(argv),
  },
  repair: {
    summary: 'save what can be saved of a damaged data directory',
    run: async (argv) => (await import('./repair.ts')).runRepair(argv),
  },
  help: { summary: 'say more about a verb', run: help },
}

const dropInNames: Readonly<Record<string, Tool>> = {
  mosquitto_pub: 'pub',
  mosquitto_sub: 'sub',
  mosquitto_rr: 'rr',
}

async function runTool(tool: Tool, argv: readonly string[], isDropIn: boolean): Promise<number> {
  const invocation = isDropIn ? dropInInvocation(tool) : nativeInvocation(tool)
  switch (tool) {
    case 'pub':
      return (await import('./pub.ts')).runPub(invocation, argv)
    case 'sub':
      return (await import('./sub.ts')).runSub(invocation, argv)
    case 'rr':
      return (await import('./rr.ts')).runRr(invocation, argv)
  }
}

async function help(argv: string[]): Promise<number> {
  const [name] = argv
  if (name === undefined || name === 'help') {
    process.stdout.write(overview())
    return 0
  }
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  return verb === undefined ? unknownVerb(name) : verb.run(['--help'])
}

function overview(): string {
  return `Pabal, an MQTT broker that answers for every message.\n\nUsage: pabal VERB [flags]\n\n${verbList()}
  pabal help VERB      the flags of a verb
  pabal --version      the version

Linked as mosquitto_pub, mosquitto_sub, mosquitto_rr or mosquitto_passwd it takes the place of that tool.
`
}

function verbList(): string {
  return Object.entries(verbs)
    .map(([name, { summary }]) => `  pabal ${name.padEnd(14)} ${summary}\n`)
    .join('')
}

/** What other tools call it. */
const otherNames: Readonly<Record<string, string>> = {
  banned: 'ban',
  block: 'ban',
  broker: 'start',
  config: 'check-config',
  listeners: 'who',
  publish: 'pub',
  request: 'rr',
  run: 'start',
  serve: 'start',
  sessions: 'clients',
  stats: 'top',
  status: 'check',
  subscribe: 'sub',
  subscribers: 'who',
  subscriptions: 'subs',
}

async function unknownVerb(name: string): Promise<number> {
  const { nearestName } = await import('../server/config/nearest-name.ts')
  const { quoted } = await import('./terminal-text.ts')
  const meant = Object.hasOwn(otherNames, name) ? otherNames[name] : nearestName(name, Object.keys(verbs))
  const advice = meant === null || meant === undefined ? '' : ` Did you mean pabal ${meant}?`
  process.stderr.write(`pabal: there is no verb ${quoted(name)}.${advice}\nAll verbs: pabal help\n`)
  return 1
}

async function run(argv: string[]): Promise<number> {
  const calledAs = basename(process.env.PABAL_INVOKED_AS ?? process.argv[1] ?? '')
  const tool = Object.hasOwn(dropInNames, calledAs) ? dropInNames[calledAs] : undefined
  if (tool !== undefined) return runTool(tool, argv, true)
  if (calledAs === 'mosquitto_passwd') return (await import('./passwd.ts')).runPasswd(argv, true)
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h') return help([])
  if (name === '--version' || name === '-V' || name === 'version') {
    const { packageVersion } = await import('./mosquitto/package-version.ts')
    process.stdout.write(`pabal ${packageVersion()}\n`)
    return 0
  }
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  return verb === undefined ? unknownVerb(name) : verb.run(rest)
}

keepWhatIsCompiled(process.env)
process.exitCode = await run(process.argv.slice(2))
await flushOutput()
process.exit()
