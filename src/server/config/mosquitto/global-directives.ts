/**
 * The directives of mosquitto.conf that are for the whole broker, and those of bridges: names of mosquitto 2.0 and 2.1.
 */
import { resolve } from 'node:path'
import { limitRanges } from '../../../core/limits.ts'
import { choice, type DirectiveValue, duration, flag, number, text } from './directive-value.ts'
import {
  directive,
  ignored,
  type KnownDirective,
  limit,
  mapped,
  refused,
  type Surroundings,
  type Verdict,
} from './verdict.ts'

const log = 'Pabal logs lines of JSON to standard error, or for people on a terminal'
const notNeeded = 'not needed: every acknowledged message is on the disk'
const gone = 'mosquitto passes it over, too'
const queueNote = 'a full queue: mosquitto drops, Pabal goes on in the store (whenQueueFull)'
const [, queueMax] = limitRanges.sessionQueueMessagesMax
const [, queueBytesMax] = limitRanges.sessionQueueBytesMax
const [, packetMax] = limitRanges.packetBytesMax
const [, secondsMax] = limitRanges.sessionExpirySecondsMax

/** mosquitto's log_type, from the most lines to the fewest, as levels of ours. */
export const logLevels: Readonly<Record<string, string>> = {
  all: 'debug',
  debug: 'debug',
  subscribe: 'debug',
  unsubscribe: 'debug',
  information: 'info',
  notice: 'info',
  warning: 'warn',
  error: 'error',
  none: 'silent',
  websockets: '',
  internal: '',
}

export const globalDirectives: Readonly<Record<string, KnownDirective>> = {
  persistence: directive('global', flag, (value) =>
    mapped(['durability'], value === true ? 'fsync' : 'memory', value === true ? 'at every message' : ''),
  ),
  persistence_location: directive('global', text, (value) => {
    const note = 'a folder of its own; what is in mosquitto.db is not taken over'
    return mapped(['data'], resolve(String(value), 'pabal'), note)
  }),
  persistence_file: directive('global', text, ignored('Pabal names its own files')),
  autosave_interval: directive('global', number(), ignored(notNeeded)),
  autosave_on_changes: directive('global', flag, ignored(notNeeded)),
  max_inflight_messages: directive(
    'global',
    number(0, 65_535),
    limit('receiveMaximum', 'towards clients: as many as they allow', 65_535),
  ),
  max_inflight_bytes: directive('global', number(), ignored('messages in flight are bounded by their number')),
  max_queued_messages: directive('global', number(0), limit('sessionQueueMessagesMax', queueNote, queueMax)),
  max_queued_bytes: directive('global', number(0), limit('sessionQueueBytesMax', queueNote, queueBytesMax)),
  max_packet_size: directive('global', number(0, 268_435_455), (value, at) => {
    if (value !== 0 && Number(value) < 20) return refused('mosquitto takes none below 20', 'write 20 or more')
    return limit('packetBytesMax', '', packetMax)(value, at)
  }),
  message_size_limit: directive('global', number(0, 268_435_455), (value, at) => {
    if (value === 0 || at.global.has('max_packet_size')) return ignored('max_packet_size says it, or nothing does')
    // The Topic Name and properties come on top.
    const note = 'of a whole packet, 64 KiB more than of a payload'
    return limit('packetBytesMax', note)(Math.min(Number(value) + 65_536, packetMax), at)
  }),
  memory_limit: directive('global', number(0), (value, at) => {
    if (value === 0) return ignored('no limit')
    return limit('queueMemoryBytesMax', 'of waiting messages in memory; what is beyond is in the store')(value, at)
  }),
  max_keepalive: directive('global', number(0, 65_535), limit('keepAliveSecondsMax')),
  persistent_client_expiration: directive('global', duration, (value, at) => {
    return limit('sessionExpirySecondsMax')(Math.min(Number(value), secondsMax), at)
  }),
  queue_qos0_messages: directive('global', flag, (value) => {
    return ignored(value === true ? 'QoS 0 messages do not wait for clients that are away' : 'this is how it is')
  }),
  upgrade_outgoing_qos: directive('global', flag, (value) => {
    return ignored(value === true ? 'the QoS of a message is never raised' : 'this is how it is')
  }),
  retain_available: directive('global', flag, (value) => {
    if (value === true) return ignored('this is how it is')
    return mapped(['limits', 'retainedMessagesMax'], 0, 'refused with 0x97; at QoS 0 passed on without being retained')
  }),
  check_retain_source: directive(
    'global',
    flag,
    ignored('what is retained goes out for as long as its publisher may publish it'),
  ),
  retain_expiry_interval: directive(
    'global',
    number(),
    ignored('Retained Messages live as long as their publisher says'),
  ),
  sys_interval: directive('global', number(0, 65_535), limit('sysIntervalSeconds')),
  set_tcp_nodelay: directive('global', flag, ignored('always so')),
  global_max_connections: directive('global', number(-1), maxConnections),
  global_max_clients: directive('global', number(-1), ignored('Sessions have no bound in all, connections have')),
  packet_max_auth: directive('global', number(), ignored('AUTH is bounded as any packet is')),
  packet_max_connect: directive('global', number(), limit('connectBytesMax')),
  packet_max_simple: directive('global', number(), ignored('such packets have a length that is checked')),
  packet_max_sub: directive('global', number(), ignored('SUBSCRIBE is bounded as any packet is')),
  packet_max_un: directive('global', number(), ignored('UNSUBSCRIBE is bounded as any packet is')),
  enable_control_api: directive('global', flag, ignored('Pabal answers on $pabal')),
  log_dest: directive('global', text, logDestination, true),
  log_facility: directive('global', number(0, 7), ignored(log)),
  log_type: directive('global', choice(...Object.keys(logLevels)), logLevel, true),
  log_timestamp: directive('global', flag, ignored('every line has its time')),
  log_timestamp_format: directive('global', text, ignored('times are written as 2026-11-25T17:14:44.426Z')),
  connection_messages: directive('global', flag, (value) => {
    return ignored(value === true ? 'this is how it is' : 'they are lines of the level info: log.level: warn')
  }),
  pid_file: directive('global', text, ignored('the line `started` of the log has it; systemd needs none')),
  user: directive('global', text, ignored('Pabal runs as the user that starts it: start it as this one, not as root')),
  include_dir: directive('global', text, () => mapped([], null, 'its files are read in its place'), true),
  per_listener_settings: directive('global', flag, () => mapped([], null, 'what it says of the others is minded')),
  websockets_log_level: directive('global', number(), ignored(log)),
  websockets_headers_size: directive('global', number(), ignored('8 KiB of headers are enough for a handshake')),
  allow_duplicate_messages: directive('global', flag, ignored(gone)),
  retry_interval: directive('global', number(), ignored(gone)),
}

function maxConnections(value: DirectiveValue, at: Surroundings): Verdict {
  return Number(value) <= 0 ? ignored('no limit of its own') : limit('connectionsMax')(value, at)
}

function logDestination(value: DirectiveValue): Verdict {
  const [word = '', rest = ''] = String(value).split(/ +(.*)/)
  if (word === 'stderr') return ignored('this is how it is')
  if (word === 'none') return mapped(['log', 'level'], 'silent')
  if (word === 'file' && rest !== '') return ignored(`${log}; let it go to a file with 2>> ${rest}`)
  if (word === 'topic') return ignored(`${log}; events are on $pabal/events`)
  if (['stdout', 'syslog', 'dlt', 'android'].includes(word)) return ignored(log)
  return refused('no destination', 'write one of none, stdout, stderr, syslog, topic, file PATH')
}

function logLevel(value: DirectiveValue): Verdict {
  const level = logLevels[String(value)] ?? ''
  return level === '' ? ignored('Pabal has no lines of this kind') : mapped(['log', 'level'], level)
}

/** Those of one bridge, and `connection`, which begins one. */
const bridgeNames = [
  'connection address addresses topic start_type threshold try_private round_robin cleansession local_cleansession',
  'clientid remote_clientid local_clientid username remote_username local_username password remote_password local_password',
  'notifications notifications_local_only notification_topic keepalive_interval idle_timeout restart_timeout ping_timeout',
  'bridge_attempt_unsubscribe bridge_bind_address bridge_cafile bridge_capath bridge_certfile bridge_keyfile bridge_identity',
  'bridge_psk bridge_insecure bridge_max_packet_size bridge_max_topic_alias bridge_outgoing_retain bridge_protocol_version',
  'bridge_require_ocsp bridge_tls_version bridge_tls_use_os_certs bridge_alpn bridge_ciphers bridge_ciphers_tls1.3',
  'bridge_receive_maximum bridge_session_expiry_interval bridge_tcp_keepalive bridge_tcp_user_timeout bridge_http_proxy',
  'bridge_reload_type',
]
  .join(' ')
  .split(' ')

export const bridgeDirectives: Readonly<Record<string, KnownDirective>> = Object.fromEntries(
  bridgeNames.map((name) => {
    const verdict: Verdict = { type: 'later', why: 'Pabal has no bridges yet: nothing is passed on to another broker' }
    return [name, directive('bridge', text, verdict, true)]
  }),
)
