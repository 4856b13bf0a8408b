/**
 * The flags of pub, sub and rr as a table: names, which tools have them, whether a value follows, what they set.
 *
 * The texts of mistakes are those of mosquitto-clients 2.0.11, on which scripts may rely.
 */
import type { Flag, ValueFlag } from './flag.ts'
import {
  addFilterOut,
  addTopic,
  addUnsubscribe,
  askFor,
  askReceipt,
  bytes,
  joinLines,
  keepSession,
  on,
  setCount,
  setFormat,
  setId,
  setIdPrefix,
  setInFlightMax,
  setJsonShape,
  setKeepAlive,
  setMessage,
  setMessageFile,
  setMode,
  setPort,
  setProxy,
  setQos,
  setRandomFilter,
  setReceiptTimeout,
  setRepeat,
  setRepeatDelay,
  setResponseTopic,
  setRetainHandling,
  setSessionExpiry,
  setTimeoutSeconds,
  setUrl,
  setVersion,
  setWillQos,
  setWillTopic,
  text,
  tlsOn,
  tlsText,
} from './flag-setters.ts'

const receivers = ['sub', 'rr'] as const
const senders = ['pub', 'rr'] as const

const connectionFlags: readonly Flag[] = [
  { names: ['-A'], value: 'address', set: text('bindAddress') },
  { names: ['-h', '--host'], value: 'host', set: text('host') },
  { names: ['-p', '--port'], value: 'port', set: setPort },
  { names: ['-L', '--url'], value: 'URL', set: setUrl },
  { names: ['--unix'], value: 'socket path', set: text('unixPath') },
  { names: ['--proxy'], value: 'proxy url', set: setProxy },
  { names: ['--nodelay'], turnOn: on('noDelay') },
  { names: ['--ws'], isNative: true, turnOn: on('webSocket') },
  { names: ['-S'], isNative: true, turnOn: on('lookUpService') },
  { names: ['-i', '--id'], value: 'id', set: setId },
  { names: ['-I', '--id-prefix'], value: 'id prefix', set: setIdPrefix },
  { names: ['-u', '--username'], value: 'username', set: bytes('userName') },
  { names: ['-P', '--pw'], value: 'password', set: bytes('password') },
  { names: ['--user'], isNative: true, value: 'username', set: bytes('userName') },
  { names: ['--password'], isNative: true, value: 'password', set: bytes('password') },
  { names: ['-k', '--keepalive'], value: 'keepalive', set: setKeepAlive },
  { names: ['-c', '--disable-clean-session'], turnOn: keepSession },
  { names: ['-V', '--protocol-version'], label: '--protocol-version', value: 'version', set: setVersion },
  { names: ['-x'], value: 'session expiry interval', set: setSessionExpiry },
  { names: ['-M'], value: 'max_inflight', set: setInFlightMax },
  { names: ['-d', '--debug'], turnOn: on('isDebug') },
  { names: ['--quiet'], turnOn: on('isQuiet') },
  { names: ['--will-topic'], value: 'will topic', set: setWillTopic },
  { names: ['--will-payload'], value: 'will payload', set: bytes('willPayload') },
  { names: ['--will-qos'], value: 'will QoS', set: setWillQos },
  { names: ['--will-retain'], turnOn: on('willRetain') },
  { names: ['--help'], turnOn: () => askFor('help') },
  { names: ['--version'], turnOn: () => askFor('version') },
]

const tlsFlags: readonly Flag[] = [
  { names: ['--cafile'], value: 'file', set: tlsText('caFile') },
  { names: ['--capath'], value: 'directory', set: tlsText('caPath') },
  { names: ['--cert'], value: 'file', set: tlsText('certificateFile') },
  { names: ['--key'], value: 'file', set: tlsText('keyFile') },
  { names: ['--keyform'], value: 'keyform', set: tlsText('keyForm') },
  { names: ['--ciphers'], value: 'ciphers', set: tlsText('ciphers') },
  { names: ['--tls-version'], value: 'version', set: tlsText('version') },
  { names: ['--tls-alpn'], value: 'protocol', set: tlsText('alpn') },
  { names: ['--tls-engine'], value: 'engine_id', set: tlsText('engine') },
  {
    names: ['--tls-engine-kpass-sha1'],
    value: 'kpass sha1',
    set: tlsText('engineKeyPassword'),
  },
  { names: ['--tls-use-os-certs'], turnOn: tlsOn('useOperatingSystemCertificates') },
  {
    names: ['--tls-keylog'],
    isNative: true,
    value: 'file',
    set: tlsText('keyLogFile'),
  },
  { names: ['--no-tls'], isNative: true, turnOn: tlsOn('isOff') },
  { names: ['--insecure'], turnOn: tlsOn('isInsecure') },
  { names: ['--psk'], value: 'key', set: tlsText('pskHex') },
  { names: ['--psk-identity'], value: 'identity', set: tlsText('pskIdentity') },
]

const sendingFlags: readonly Flag[] = [
  { names: ['-m', '--message'], tools: senders, value: 'message', set: setMessage },
  { names: ['-f', '--file'], tools: senders, value: 'file', set: setMessageFile },
  { names: ['-n', '--null-message'], tools: senders, turnOn: (options) => setMode(options, 'null') },
  { names: ['-s', '--stdin-file'], tools: senders, turnOn: (options) => setMode(options, 'stdin') },
  { names: ['-l', '--stdin-line'], tools: ['pub'], turnOn: (options) => setMode(options, 'lines') },
  { names: ['-r', '--retain'], tools: ['pub'], turnOn: on('retain') },
  { names: ['--repeat'], tools: ['pub'], value: 'count', set: setRepeat },
  { names: ['--repeat-delay'], tools: ['pub'], value: 'time', set: setRepeatDelay },
  {
    names: ['--require-subscribers'],
    tools: ['pub'],
    isNative: true,
    turnOn: on('requireSubscribers'),
  },
  { names: ['--receipt', '--receipt=delivered'], tools: ['pub'], isNative: true, turnOn: askReceipt('delivered') },
  { names: ['--receipt=all'], tools: ['pub'], isNative: true, turnOn: askReceipt('all') },
  { names: ['--receipt-timeout'], tools: ['pub'], isNative: true, value: 'seconds', set: setReceiptTimeout },
]

const receivingFlags: readonly Flag[] = [
  { names: ['-e'], tools: ['rr'], value: 'response topic', set: setResponseTopic },
  { names: ['-F'], tools: receivers, value: 'format', set: setFormat },
  { names: ['-N'], tools: receivers, turnOn: joinLines },
  { names: ['-R'], tools: receivers, turnOn: on('skipRetained') },
  { names: ['-v', '--verbose'], tools: receivers, turnOn: on('isVerbose') },
  { names: ['-W'], tools: receivers, value: 'timeout', set: setTimeoutSeconds },
  { names: ['--pretty'], tools: receivers, turnOn: on('isPretty') },
  {
    names: ['--retain-as-published'],
    tools: receivers,
    turnOn: on('retainAsPublished'),
  },
  { names: ['--json-compat'], tools: receivers, isNative: true, value: 'version', set: setJsonShape },
  { names: ['--latency'], tools: ['rr'], isNative: true, turnOn: on('showLatency') },
  { names: ['-C'], tools: ['sub'], value: 'count', set: setCount },
  { names: ['-E'], tools: ['sub'], turnOn: on('exitOnceSubscribed') },
  { names: ['-T', '--filter-out'], tools: ['sub'], value: 'topic filter', set: addFilterOut },
  { names: ['-U', '--unsubscribe'], tools: ['sub'], value: 'unsubscribe topic', set: addUnsubscribe },
  { names: ['-w'], tools: ['sub'], isNative: true, turnOn: on('watch') },
  { names: ['--random-filter'], tools: ['sub'], value: 'chance', set: setRandomFilter },
  { names: ['--remove-retained'], tools: ['sub'], turnOn: on('removeRetained') },
  { names: ['--retained-only'], tools: ['sub'], turnOn: on('retainedOnly') },
  { names: ['--retain-handling'], tools: ['sub'], isNative: true, value: 'option', set: setRetainHandling },
  { names: ['--message-rate'], tools: ['sub'], isNative: true, turnOn: on('showRate') },
]

/** All but `-D`, whose arguments are of another form. */
export const flags: readonly Flag[] = [
  ...connectionFlags,
  ...tlsFlags,
  ...sendingFlags,
  ...receivingFlags,
  { names: ['-q', '--qos'], value: 'QoS', set: setQos },
  { names: ['-t', '--topic'], value: 'topic', set: (options, value, { tool }) => addTopic(options, value, tool) },
]

/** What is printed when the value is missing. */
export function missingValueText({ label, names, value }: ValueFlag): string {
  const name = label ?? names[0]
  if (name === '-M') return 'Error: -M argument given but max_inflight not specified.\n\n'
  return `Error: ${name} argument given but no ${value} specified.\n\n`
}
