/**
 * What `--help` says: the flags of one tool, sorted by what they are about.
 */

import type { Invocation, Tool } from './invocation.ts'
import { packageVersion } from './package-version.ts'

interface HelpLine {
  /** `p` pub, `s` sub, `r` rr. */
  readonly tools: string
  readonly flag: string
  readonly text: string
  readonly isNative?: boolean
}

interface HelpSection {
  readonly title: string
  readonly lines: readonly HelpLine[]
}

const all = 'psr'
const receivers = 'sr'
const senders = 'pr'

const message: HelpSection = {
  title: 'Message',
  lines: [
    { tools: senders, flag: '-t, --topic TOPIC', text: 'Topic Name to send to' },
    { tools: 's', flag: '-t, --topic FILTER', text: 'Topic Filter to subscribe to; may be repeated' },
    { tools: 'r', flag: '-e TOPIC', text: 'Topic Name on which the answer comes' },
    { tools: senders, flag: '-m, --message TEXT', text: 'what to send' },
    { tools: senders, flag: '-f, --file FILE', text: 'send what is in a file' },
    { tools: senders, flag: '-n, --null-message', text: 'send an empty message' },
    { tools: senders, flag: '-s, --stdin-file', text: 'send all of standard input as one message' },
    { tools: 'p', flag: '-l, --stdin-line', text: 'send each line of standard input as a message' },
    { tools: 'p', flag: '-r, --retain', text: 'have the server keep the message for later subscribers' },
    { tools: 'p', flag: '--repeat N', text: 'send it N times' },
    { tools: 'p', flag: '--repeat-delay SECONDS', text: 'wait between two of them' },
    { tools: all, flag: '-q, --qos 0|1|2', text: 'Quality of Service; 0 unless given' },
    {
      tools: 'p',
      flag: '--require-subscribers',
      text: 'exit with 16 if nobody subscribes; needs -q 1 or -q 2',
      isNative: true,
    },
    {
      tools: 'p',
      flag: '--receipt[=delivered|all]',
      text: 'wait until a subscriber, or all, have acknowledged; exit with 16 if nobody gets it (5.0)',
      isNative: true,
    },
    {
      tools: 'p',
      flag: '--receipt-timeout SECONDS',
      text: 'give up waiting and exit with 27; 30 unless given',
      isNative: true,
    },
  ],
}

const output: HelpSection = {
  title: 'What to receive and how to print it',
  lines: [
    { tools: receivers, flag: '-v, --verbose', text: 'print the Topic Name in front of the message' },
    { tools: receivers, flag: '-F FORMAT', text: "print in this form, such as '%t %p', '%j' (JSON) or '@H:@M:@S %x'" },
    { tools: receivers, flag: '-N', text: 'print no line end behind a message' },
    { tools: receivers, flag: '--pretty', text: 'print JSON on several lines' },
    {
      tools: receivers,
      flag: '--json-compat 2.0|2.1',
      text: 'JSON in the shape of this mosquitto; 2.1 unless given',
      isNative: true,
    },
    { tools: 's', flag: '-C N', text: 'end after N messages' },
    { tools: 's', flag: '-E', text: 'end once the server has confirmed all Subscriptions' },
    { tools: receivers, flag: '-W SECONDS', text: 'end after this time, with exit code 27' },
    { tools: 's', flag: '-T, --filter-out FILTER', text: 'do not print messages that match' },
    { tools: 's', flag: '-U, --unsubscribe FILTER', text: 'end a Subscription of the Session' },
    { tools: receivers, flag: '-R', text: 'leave Retained Messages out' },
    { tools: 's', flag: '--retained-only', text: 'print Retained Messages only, and end at the first other one' },
    { tools: 's', flag: '--remove-retained', text: 'have the server forget the Retained Messages that come' },
    { tools: receivers, flag: '--retain-as-published', text: 'see RETAIN as the publisher set it (5.0)' },
    {
      tools: 's',
      flag: '--retain-handling HOW',
      text: 'Retained Messages: always, new (Subscriptions only) or never (5.0)',
      isNative: true,
    },
    { tools: 's', flag: '--random-filter PERCENT', text: 'print only so many of the messages' },
    { tools: 's', flag: '--message-rate', text: 'print how many came in each second instead', isNative: true },
    { tools: 's', flag: '-w', text: 'on a terminal: one line per Topic Name, with its latest message', isNative: true },
    { tools: 'r', flag: '--latency', text: 'say how long the answer took', isNative: true },
  ],
}

const connection: HelpSection = {
  title: 'Connection',
  lines: [
    { tools: all, flag: '-h, --host HOST', text: 'server; localhost unless given' },
    { tools: all, flag: '-p, --port PORT', text: 'port; 1883, or 8883 with TLS, unless given' },
    { tools: all, flag: '-L, --url URL', text: 'mqtt(s)://[user[:password]@]host[:port]/topic in place of the above' },
    { tools: all, flag: '--unix PATH', text: 'connect through a Unix socket' },
    { tools: all, flag: '--ws', text: 'connect over WebSocket', isNative: true },
    { tools: all, flag: '-S', text: 'find the server through DNS service records', isNative: true },
    { tools: all, flag: '-A ADDRESS', text: 'connect from this address' },
    { tools: all, flag: '--proxy URL', text: 'socks5h://[user[:password]@]host[:port]' },
    { tools: all, flag: '--nodelay', text: 'send small packets without delay (TCP_NODELAY)' },
    { tools: all, flag: '-V, --protocol-version V', text: 'mqttv5, mqttv311 or mqttv31; or 5, 311, 31' },
    { tools: all, flag: '-i, --id ID', text: 'Client Identifier' },
    { tools: all, flag: '-I, --id-prefix PREFIX', text: "Client Identifier: PREFIX and the process's number" },
    { tools: all, flag: '-u, --username NAME', text: 'User Name' },
    { tools: all, flag: '-P, --pw PASSWORD', text: 'Password' },
    { tools: all, flag: '-k, --keepalive SECONDS', text: 'Keep Alive; 60 unless given' },
    { tools: all, flag: '-c, --disable-clean-session', text: 'keep the Session; needs -i' },
    { tools: all, flag: '-x SECONDS', text: 'Session Expiry Interval; -1 or ∞ never ends (5.0)' },
    { tools: all, flag: '-M N', text: 'unacknowledged messages at most; 20 unless given' },
    {
      tools: all,
      flag: '-D COMMAND NAME VALUE',
      text: 'a property of MQTT 5.0, such as: -D publish content-type text/plain',
    },
    { tools: all, flag: '--will-topic TOPIC', text: 'Will Message; also --will-payload, --will-qos, --will-retain' },
  ],
}

const security: HelpSection = {
  title: 'TLS',
  lines: [
    { tools: all, flag: '--cafile FILE, --capath DIR', text: 'certificates to trust (PEM)' },
    { tools: all, flag: '--tls-use-os-certs', text: 'trust what the operating system trusts' },
    { tools: all, flag: '--cert FILE, --key FILE', text: 'certificate and key of this client (PEM)' },
    { tools: all, flag: '--insecure', text: "do not compare the server's name with its certificate" },
    { tools: all, flag: '--tls-version VERSION', text: 'least version: tlsv1.1, tlsv1.2 or tlsv1.3' },
    { tools: all, flag: '--ciphers LIST', text: 'cipher suites, in the notation of OpenSSL' },
    { tools: all, flag: '--tls-alpn PROTOCOL', text: 'protocol to ask for in the handshake' },
    { tools: all, flag: '--psk HEX, --psk-identity ID', text: 'pre-shared key in place of certificates' },
    {
      tools: all,
      flag: '--tls-keylog FILE',
      text: 'write the secrets of the connection, for Wireshark',
      isNative: true,
    },
    { tools: all, flag: '--no-tls', text: 'no TLS, even on port 8883', isNative: true },
  ],
}

const others: HelpSection = {
  title: 'Other',
  lines: [
    { tools: all, flag: '-d, --debug', text: 'print every packet' },
    { tools: all, flag: '--quiet', text: 'print no errors' },
    { tools: all, flag: '-o FILE', text: 'read defaults from this file, one flag a line', isNative: true },
    { tools: all, flag: '--help, --version', text: 'this text; the version' },
  ],
}

const purposes: Readonly<Record<Tool, string>> = {
  pub: 'Sends a message to a Topic Name.',
  sub: 'Subscribes to Topic Filters and prints the messages that come.',
  rr: 'Sends a request and prints the answer.',
}

const usages: Readonly<Record<Tool, string>> = {
  pub: '-t TOPIC {-m TEXT | -f FILE | -l | -n | -s} [flags]',
  sub: '-t FILTER [-t FILTER]... [flags]',
  rr: '-t TOPIC -e ANSWER-TOPIC {-m TEXT | -f FILE | -n | -s} [flags]',
}

const examples: Readonly<Record<Tool, string>> = {
  pub: '-t greetings/world -m hello -q 1',
  sub: "-t 'greetings/#' -v",
  rr: '-t service/time -e answers/me -n',
}

export function toolHelp({ tool, name, isDropIn }: Invocation): string {
  const parts = [`${purposes[tool]}\n`, `Usage: ${name} ${usages[tool]}`, `Example: ${name} ${examples[tool]}\n`]
  for (const { title, lines } of [message, output, connection, security, others]) {
    const own = lines.filter((line) => line.tools.includes(tool.charAt(0)) && !(isDropIn && line.isNative === true))
    if (own.length === 0) continue
    parts.push(`${title}:`, ...own.map(({ flag, text }) => `  ${flag.padEnd(29)} ${text}`), '')
  }
  parts.push(`Defaults may stand in ${defaultsPlaces(tool, isDropIn)}, one flag a line.`, '')
  return parts.join('\n')
}

function defaultsPlaces(tool: Tool, isDropIn: boolean): string {
  const theirs = `~/.config/mosquitto_${tool}`
  return isDropIn ? theirs : `~/.config/pabal_${tool} or ${theirs}`
}

export function toolVersion({ name, isDropIn }: Invocation): string {
  if (isDropIn) return `${name} version 2.0.11 running on libmosquitto 2.0.11.\n`
  return `pabal ${packageVersion()}\n`
}
