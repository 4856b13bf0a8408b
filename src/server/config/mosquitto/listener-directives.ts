/**
 * The directives of mosquitto.conf that are for one listener, or for who may connect: names of mosquitto 2.0 and 2.1.
 *
 * Whatever keeps somebody out and cannot be taken over is refused: a broker that starts without it would be open wider than before.
 */
import { basename } from 'node:path'
import { choice, type DirectiveValue, flag, number, text } from './directive-value.ts'
import { identityOf } from './listener-urls.ts'
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

const inUrl =
  (note = '') =>
  (_value: DirectiveValue, { listenerIndex }: Surroundings): Verdict => {
    return mapped(['listeners', listenerIndex], null, note)
  }
const asksForCertificates = ({ block }: Surroundings): boolean => block.given.get('require_certificate')?.value === true
const onlyWithCertificates =
  (why: string, advice: string) =>
  (_value: DirectiveValue, at: Surroundings): Verdict => {
    return asksForCertificates(at) ? refused(why, advice) : ignored('clients are not asked for a certificate')
  }
/** `what` of the certificate is the account. */
const byCertificate =
  (what: string) =>
  (value: DirectiveValue, at: Surroundings): Verdict => {
    if (value === false) return ignored('this is how it is')
    const { given } = at.block
    if (!given.has('certfile')) return ignored('the listener has no TLS: there are no certificates')
    if (asksForCertificates(at))
      return inUrl(`${what} of the certificate is the account, and no password is asked for`)(value, at)
    const why = 'without require_certificate no client is asked for a certificate, and mosquitto lets none in'
    return refused(why, 'write require_certificate true, and name the authorities as cafile')
  }
const pskAdvice = 'give these clients a listener with a certificate, and users with passwords'

export const listenerDirectives: Readonly<Record<string, KnownDirective>> = {
  listener: directive('listener', text, inUrl(), true),
  port: directive('listener', number(1, 65_535), inUrl()),
  bind_address: directive('listener', text, inUrl()),
  bind_interface: directive(
    'listener',
    text,
    refused(
      'Pabal listens on addresses: the listener would be open on every interface',
      'write its address behind the port',
    ),
  ),
  socket_domain: directive('listener', choice('ipv4', 'ipv6'), inUrl()),
  protocol: directive('listener', choice('mqtt', 'websockets', 'mqttsn', 'http_api'), protocol),
  http_dir: directive('listener', text, ignored('Pabal serves no files; its dashboard has a port of its own')),
  websockets_origin: directive('listener', text, inUrl(), true),
  mount_point: directive(
    'listener',
    text,
    refused('clients of this listener would share Topic Names with all others', 'start a broker of its own for them'),
  ),
  max_connections: directive('listener', number(-1), maxConnections),
  max_qos: directive('listener', number(0, 2), (value) => {
    return ignored(value === 2 ? 'this is how it is' : 'Pabal takes QoS 2 from everybody')
  }),
  max_topic_alias: directive('listener', number(0, 65_535), limit('topicAliasMaximum', 'for all listeners')),
  max_topic_alias_broker: directive('listener', number(0, 65_535), limit('sentTopicAliasMaximum', 'for all listeners')),
  accept_protocol_versions: directive('listener', text, ignored('Pabal takes 3.1.1 and 5.0')),
  enable_proxy_protocol: directive('listener', text, (value) => {
    if (value === 'false' || value === '0') return ignored('this is how it is')
    const why = 'mosquitto believes the PROXY header of anybody; Pabal must be told which proxies there are'
    return refused(why, 'remove it, and put proxyFrom=ADDRESS into the URL of the listener that comes out')
  }),
  proxy_protocol_v2_require_tls: directive('listener', flag, ignored('it says nothing without enable_proxy_protocol')),
  use_username_as_clientid: directive('listener', flag, usernameAsClientIdentifier),
  cafile: directive('listener', text, (value, at) => {
    if (asksForCertificates(at)) return inUrl()(value, at)
    return ignored('clients are not asked for a certificate; intermediate ones belong behind the one in certfile')
  }),
  capath: directive(
    'listener',
    text,
    onlyWithCertificates('Pabal reads the authorities from one file', 'put them into one, and name it as cafile'),
  ),
  certfile: directive('listener', text, inUrl()),
  keyfile: directive('listener', text, inUrl()),
  crlfile: directive('listener', text, (value, at) => {
    return asksForCertificates(at) ? inUrl()(value, at) : ignored('clients are not asked for a certificate')
  }),
  require_certificate: directive('listener', flag, (value, at) => {
    if (value === false) return ignored('this is how it is')
    if (at.block.given.has('cafile'))
      return inUrl(identityOf(at.block) === null ? 'no User Name is taken from it' : '')(value, at)
    return refused('no cafile says whose certificates are taken', 'name the authorities as cafile')
  }),
  use_identity_as_username: directive('listener', flag, byCertificate('the Common Name')),
  use_subject_as_username: directive('listener', flag, (value, at) => {
    const isSecond = value === true && at.block.given.get('use_identity_as_username')?.value === true
    return isSecond ? ignored('use_identity_as_username comes first') : byCertificate('the subject')(value, at)
  }),
  disable_client_cert_date_checks: directive('listener', flag, ignored('dates of certificates are always looked at')),
  tls_version: directive('listener', text, (value, at) => {
    return value === 'tlsv1.3' ? inUrl()(value, at) : ignored('Pabal takes TLS 1.2 and 1.3')
  }),
  ciphers: directive('listener', text, inUrl()),
  'ciphers_tls1.3': directive('listener', text, inUrl()),
  dhparamfile: directive('listener', text, ignored('keys are exchanged over elliptic curves')),
  tls_engine: directive('listener', text, refused('Pabal reads keys from files', 'name the key as keyfile')),
  tls_engine_kpass_sha1: directive('listener', text, refused('Pabal reads keys from files', 'name the key as keyfile')),
  tls_keyform: directive('listener', choice('pem', 'engine'), (value) => {
    return value === 'pem'
      ? ignored('this is how it is')
      : refused('Pabal reads keys from files', 'name the key as keyfile')
  }),
  psk_hint: directive('listener', text, refused('Pabal has no TLS with pre-shared keys', pskAdvice)),
  psk_file: directive('security', text, refused('Pabal has no TLS with pre-shared keys', pskAdvice)),
  // What these say is put together in who-may-connect.ts.
  allow_anonymous: directive('security', flag, mapped(['allowAnonymous'], null)),
  listener_allow_anonymous: directive('listener', flag, mapped(['allowAnonymous'], null)),
  password_file: directive('security', text, mapped([], null)),
  acl_file: directive('security', text, mapped([], null)),
  allow_zero_length_clientid: directive('security', flag, (value) => {
    return ignored(
      value === true ? 'this is how it is' : 'Pabal gives such a client an identifier that nobody can guess',
    )
  }),
  auto_id_prefix: directive('security', text, ignored('such identifiers begin with pabal-')),
  clientid_prefixes: directive('global', text, (value) => {
    const pattern = `${value}*`
    if (!/[%*]/.test(String(value))) return mapped(['clientIdentifiers'], [pattern])
    return refused('Pabal has other meanings for % and * in a Client Identifier', 'choose a prefix without them')
  }),
  plugin: directive('security', text, plugin, true),
  global_plugin: directive('security', text, plugin, true),
  plugin_load: directive('security', text, plugin, true),
  plugin_use: directive('security', text, ignored('what it names stands at plugin_load'), true),
  auth_plugin: directive('security', text, plugin, true),
  auth_plugin_deny_special_chars: directive('security', flag, ignored('it says nothing without auth_plugin')),
}

/** `plugin_opt_NAME` and `auth_opt_NAME` may end in anything. */
export const pluginOption = directive('security', text, ignored('it is part of the plugin'), true)

function protocol(value: DirectiveValue, at: Surroundings): Verdict {
  if (value === 'websockets') return inUrl('clients use the path /mqtt; mosquitto takes any')(value, at)
  if (value === 'mqtt') return inUrl()(value, at)
  if (value === 'http_api') return ignored('the HTTP API of Pabal has an address of its own: admin.listen')
  return refused('Pabal does not speak MQTT-SN: nobody could connect', 'remove the listener')
}

/** One limit for all is the sum of theirs, if each has one. */
function maxConnections(value: DirectiveValue, at: Surroundings): Verdict {
  const each = at.listeners.map(({ given }) => Number(given.get('max_connections')?.value ?? -1))
  if (Number(value) <= 0) return ignored('no limit of its own')
  if (each.some((most) => most <= 0)) return ignored('Pabal has one limit for all listeners: set limits.connectionsMax')
  const sum = each.reduce((left, right) => left + right, 0)
  return limit('connectionsMax', each.length > 1 ? 'the sum of all listeners' : '')(sum, at)
}

function plugin(value: DirectiveValue): Verdict {
  const name = basename(String(value).split(' ').at(-1) ?? '')
  if (/(?:password_file|acl_file)/.test(name)) return mapped([], null, 'its plugin_opt_ names the file')
  if (/persist/.test(name)) return ignored('what must survive is kept without a plugin')
  if (/dynamic_security/.test(name)) {
    const why = 'the users and roles of the dynamic security plugin would be gone'
    return refused(why, 'write them as users and rules into the configuration file')
  }
  const why = `Pabal does not load plugins, and ${name} may decide who may do what`
  return refused(why, 'remove it if it does not; otherwise write users and rules into the configuration file')
}

/** mosquitto gives the client that Client Identifier; here it must choose it itself. */
function usernameAsClientIdentifier(value: DirectiveValue, { block, global, listeners }: Surroundings): Verdict {
  if (value === false) return ignored('this is how it is')
  if (!global.has('acl_file') && !block.given.has('acl_file')) return ignored('Sessions belong to the user already')
  const isOfAll = listeners.every(({ given }) => given.get('use_username_as_clientid')?.value === true)
  if (isOfAll && !global.has('clientid_prefixes')) {
    return mapped(['clientIdentifiers'], ['%u'], 'who chooses another Client Identifier than the User Name is refused')
  }
  const why = 'clients choose their Client Identifier, on which %c in the ACL file would rest'
  return refused(why, 'use %u in the ACL file, then remove it')
}
